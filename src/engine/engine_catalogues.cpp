// The engine's use cases around systems and profiles.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/machine_change.h"
#include "model/os_preset.h"

namespace visor::engine {

Awaitable<std::vector<model::OperatingSystem>> Engine::operating_systems() { return systems_.all(); }

Awaitable<model::SystemPreset> Engine::operating_system(std::string id) {
  const std::optional<model::OperatingSystem> system = co_await systems_.find(id);
  if (!system) {
    throw Error(ErrorKind::not_found, "os.not_found",
                fmt::format("The database of systems does not know '{}'.", text::printable(id.substr(0, 80))),
                "`visor os list` shows all; the package osinfo-db brings them.");
  }
  co_return model::SystemPreset{*system, model::preset_for(*system, model::Arch::x86_64)};
}

std::vector<model::Profile> Engine::profiles() { return profiles_.list(); }
model::Profile Engine::profile(const std::string& name) { return profiles_.get(name); }
model::Profile Engine::create_profile(model::ProfileRequest request) { return profiles_.create(std::move(request)); }
void Engine::remove_profile(const std::string& name) { profiles_.remove(name); }

Awaitable<model::ChangeResult> Engine::apply_profile(std::string profile, std::string machine, ChangeOptions options) {
  boost::json::object patch{{"spec", profiles_.get(profile).spec}};
  co_return co_await change_machine(context_, std::move(machine), std::move(patch), options);
}

}  // namespace visor::engine
