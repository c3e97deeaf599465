#include "model/paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace visor::model {
namespace {

std::filesystem::path from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  return value != nullptr && *value == '/' ? std::filesystem::path(value) : std::filesystem::path();
}

/// Where XDG_RUNTIME_DIR of a login session leads: a second shell may lack the variable (su, cron) and must find the same daemon.
std::filesystem::path session_directory() {
  std::filesystem::path directory = "/run/user/" + std::to_string(::geteuid());
  struct stat status {};
  const bool ours = ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
  return ours ? directory : std::filesystem::path();
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
  std::filesystem::path runtime = from_environment("XDG_RUNTIME_DIR");
  if (runtime.empty()) runtime = session_directory();
  // Without a login session there is none; the state directory then holds the sockets, too.
  paths.runtime_directory = runtime.empty() ? paths.state_directory / "run" : runtime / "visor";
  return with_socket(std::move(paths));
}

}  // namespace visor::model
