#include "qemu/process_counters.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/text.h"
#include "os/fd.h"

namespace visor::qemu {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// A file of /proc that the kernel gives in one piece. Half the calls of reading until the end, for each machine each second.
std::optional<std::string> read_short(const std::string& path) {
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> bytes;
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  if (got <= 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(got));
}

/// Fields 14 and 15 of stat, counted from the one behind the command name (field 3).
constexpr std::size_t kUserTime = 11;
constexpr std::size_t kSystemTime = 12;

}  // namespace

std::optional<std::chrono::nanoseconds> parse_schedstat(std::string_view content) {
  const auto value = number(content.substr(0, content.find(' ')));
  if (!value) return std::nullopt;
  return std::chrono::nanoseconds(*value);
}

std::optional<std::chrono::nanoseconds> parse_stat_time(std::string_view content) {
  const std::size_t end = content.rfind(')');
  if (end == std::string_view::npos || end + 2 > content.size()) return std::nullopt;
  const std::vector<std::string> fields = text::split(content.substr(end + 2), ' ');
  if (fields.size() <= kSystemTime) return std::nullopt;
  const auto user = number(fields[kUserTime]);
  const auto system = number(fields[kSystemTime]);
  if (!user || !system) return std::nullopt;
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::chrono::nanoseconds((*user + *system) * (1'000'000'000U / ticks));
}

std::optional<std::chrono::nanoseconds> thread_time(pid_t pid, std::int64_t thread_id) {
  const std::string folder = fmt::format("/proc/{}/task/{}/", pid, thread_id);
  if (const auto content = read_short(folder + "schedstat")) {
    if (const auto time = parse_schedstat(*content)) return time;
  }
  const auto content = read_short(folder + "stat");
  return content ? parse_stat_time(*content) : std::nullopt;
}

Bytes resident_memory(pid_t pid) {
  const auto content = read_short(fmt::format("/proc/{}/statm", pid));
  if (!content) return {};
  const std::vector<std::string> fields = text::split(*content, ' ');
  const auto pages = fields.size() > 1 ? number(fields[1]) : std::nullopt;
  return {pages.value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

std::optional<Bytes> merged_memory(pid_t pid) {
  const auto content = read_short(fmt::format("/proc/{}/ksm_merging_pages", pid));
  const auto pages = content ? number(text::trim(*content)) : std::nullopt;
  if (!pages) return std::nullopt;
  return Bytes{*pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace visor::qemu
