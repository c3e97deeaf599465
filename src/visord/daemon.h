// Puts the daemon together from its parts and runs it.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "model/paths.h"

namespace visor::visord {

struct DaemonOptions {
  model::InstancePaths paths;
  bool any_port = false;                    ///< when the port of `paths.listen` is taken, take a free one
  std::vector<std::string> allowed_hosts;   ///< names and addresses, besides the loopback's, by which the page may be asked for
  std::vector<std::string> allowed_shares;  ///< folders in which machines may share folders
  log::Level log_level = log::Level::info;
};

/// Runs until SIGINT or SIGTERM; machines run on. Throws Error when it cannot start: `daemon.already_running`,
/// `daemon.bad_host`, `daemon.bad_share`, `api.port_in_use`, `store.corrupt`...
void run_daemon(const DaemonOptions& options);

}  // namespace visor::visord
