// Where an instance keeps its things. Rootless: the XDG directories; as root: /var/lib/visor and /run/visor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace visor::model {

struct InstancePaths {
  std::filesystem::path state_directory;    ///< survives reboots
  std::filesystem::path runtime_directory;  ///< gone after a reboot; holds sockets
  std::filesystem::path socket;             ///< the API's unix socket
  std::string listen = "127.0.0.1:7077";    ///< "" for no TCP

  std::filesystem::path database() const { return state_directory / "visor.db"; }
  std::filesystem::path images() const { return state_directory / "images"; }
  std::filesystem::path volumes() const { return state_directory / "volumes"; }
  std::filesystem::path isos() const { return state_directory / "isos"; }
  /// What belongs to one machine and must survive: firmware variables, saved state, seed, ssh key.
  std::filesystem::path machine_state(const std::string& id) const { return state_directory / "machines" / id; }
  std::filesystem::path machine_saved(const std::string& id) const { return machine_state(id) / "saved.state"; }
  /// The saved state while a machine continues from it: if the daemon dies meanwhile, it can be told whether that went well.
  std::filesystem::path machine_restoring(const std::string& id) const { return machine_state(id) / "restoring.state"; }
  /// What it has used; there once it has run.
  std::filesystem::path machine_history(const std::string& id) const { return machine_state(id) / "history"; }
  /// Sockets, log and process record of one running machine.
  std::filesystem::path machine_runtime(const std::string& id) const { return runtime_directory / "machines" / id; }
};

/// The one instance of the host that root runs.
InstancePaths system_paths();

/// The defaults for the calling user: the environment's XDG_STATE_HOME, XDG_RUNTIME_DIR and HOME, or the system's for root.
InstancePaths default_paths();

}  // namespace visor::model
