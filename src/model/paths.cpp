#include "model/paths.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace visor::model {
namespace {

std::filesystem::path from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  return value != nullptr && *value == '/' ? std::filesystem::path(value) : std::filesystem::path();
}

InstancePaths with_socket(InstancePaths paths) {
  paths.socket = paths.runtime_directory / "visord.sock";
  return paths;
}

}  // namespace

InstancePaths system_paths() {
  InstancePaths paths;
  paths.state_directory = "/var/lib/visor";
  paths.runtime_directory = "/run/visor";
  return with_socket(std::move(paths));
}

InstancePaths default_paths() {
  if (::geteuid() == 0) return system_paths();
  InstancePaths paths;
  std::filesystem::path state = from_environment("XDG_STATE_HOME");
  if (state.empty()) state = from_environment("HOME") / ".local" / "state";
  paths.state_directory = state / "visor";
  const std::filesystem::path runtime = from_environment("XDG_RUNTIME_DIR");
  // Without a login session there is no XDG_RUNTIME_DIR; the state directory then holds the sockets, too.
  paths.runtime_directory = runtime.empty() ? paths.state_directory / "run" : runtime / "visor";
  return with_socket(std::move(paths));
}

}  // namespace visor::model
