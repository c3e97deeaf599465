#include "os/orphans.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "os/file.h"
#include "os/process.h"

namespace visor::os {
namespace {

constexpr std::string_view kVariable = "VISOR_HELPER";

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The value of the mark in an environment as /proc shows it: strings with a NUL behind each.
std::string_view mark_in(std::string_view environment) {
  while (!environment.empty()) {
    const std::string_view entry = environment.substr(0, environment.find('\0'));
    if (entry.starts_with(kVariable) && entry.size() > kVariable.size() && entry[kVariable.size()] == '=')
      return entry.substr(kVariable.size() + 1);
    environment.remove_prefix(std::min(environment.size(), entry.size() + 1));
  }
  return {};
}

/// A process number means something only in its own PID namespace: a container's visord is a stranger to the host's.
std::uint64_t pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/// Whether `mark` is one of our namespace (`own_namespace` as text) and of a process that does not exist any more.
bool owner_is_gone(std::string_view mark, const std::string& own_namespace) {
  const std::vector<std::string> parts = text::split(mark, ':');
  if (parts.size() != 3 || parts[0] != own_namespace) return false;
  const auto pid = to_number(parts[1]);
  const auto start_time = to_number(parts[2]);
  return pid && start_time && process_start_time(static_cast<pid_t>(*pid)) != start_time;
}

}  // namespace

std::pair<std::string, std::string> helper_mark() {
  const pid_t self = ::getpid();
  return {std::string(kVariable), fmt::format("{}:{}:{}", pid_namespace(), self, process_start_time(self).value_or(0))};
}

int end_orphaned_helpers() {
  int ended = 0;
  const std::string own_namespace = std::to_string(pid_namespace());
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto pid = to_number(entry.path().filename().native());
    if (!pid) continue;
    const auto start_time = process_start_time(static_cast<pid_t>(*pid));
    const auto environment = read_file_if_any(entry.path() / "environ");
    if (!start_time || !environment || !owner_is_gone(mark_in(*environment), own_namespace)) continue;
    if (const auto process = Process::attach(static_cast<pid_t>(*pid), *start_time)) {
      process->signal(SIGKILL);
      ++ended;
    }
  }
  return ended;
}

}  // namespace visor::os
