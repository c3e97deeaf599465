#include "engine/os_catalogue.h"

#include <boost/asio/awaitable.hpp>

#include <utility>

#include "loop/process.h"

namespace visor::engine {

Awaitable<OsCatalogue::Systems> OsCatalogue::load() {
  if (known_) co_return known_;
  std::vector<model::OperatingSystem> systems;
  co_await loop::run_blocking([this, &systems] { systems = database_.read(); });
  Systems read = std::make_shared<const std::vector<model::OperatingSystem>>(std::move(systems));
  if (!read->empty()) known_ = read;
  co_return read;
}

Awaitable<std::vector<model::OperatingSystem>> OsCatalogue::all() {
  const Systems systems = co_await load();
  co_return *systems;
}

Awaitable<std::optional<model::OperatingSystem>> OsCatalogue::find(std::string id) {
  const Systems systems = co_await load();
  co_return host::find_system(*systems, id);
}

}  // namespace visor::engine
