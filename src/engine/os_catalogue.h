// The guest systems that are known by name, read when somebody asks first.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/os_database.h"
#include "loop/awaitable.h"
#include "model/operating_system.h"

namespace visor::engine {

class OsCatalogue {
 public:
  explicit OsCatalogue(const std::filesystem::path& root = "/") : database_(root) {}

  /// All of them; empty without the package osinfo-db. Read once, off the event loop; an empty answer is not remembered, so that
  /// installing the package helps at once.
  Awaitable<std::vector<model::OperatingSystem>> all();
  /// As host::find_system().
  Awaitable<std::optional<model::OperatingSystem>> find(std::string id);

 private:
  using Systems = std::shared_ptr<const std::vector<model::OperatingSystem>>;
  Awaitable<Systems> load();

  const host::OsDatabase database_;
  Systems known_;
};

}  // namespace visor::engine
