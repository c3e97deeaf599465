// Puts the daemon together from its parts and runs it.
#pragma once

#include "base/log.h"
#include "model/paths.h"

namespace visor::visord {

struct DaemonOptions {
  model::InstancePaths paths;
  log::Level log_level = log::Level::info;
};

/// Runs until SIGINT or SIGTERM; machines run on. Throws Error when it cannot start: `daemon.already_running`,
/// `api.port_in_use`, `store.corrupt`...
void run_daemon(const DaemonOptions& options);

}  // namespace visor::visord
