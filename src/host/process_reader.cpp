#include "host/process_reader.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "os/file.h"

namespace visor::host {
namespace {

using std::chrono::nanoseconds;

constexpr unsigned kVcpuLimit = 4096;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Field `index` of blank-separated text.
std::string_view field(std::string_view text, std::size_t index) {
  for (;; --index) {
    text = text::trim(text);
    const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
    if (index == 0 || word.empty()) return word;
    text.remove_prefix(word.size());
  }
}

/// Clock ticks as time (proc(5), sysconf(3)).
nanoseconds from_ticks(std::uint64_t ticks) {
  static const auto kPerSecond = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  constexpr std::uint64_t kNanos = 1'000'000'000;
  return nanoseconds(static_cast<std::int64_t>(ticks / kPerSecond * kNanos + ticks % kPerSecond * kNanos / kPerSecond));
}

}  // namespace

ProcessReader::ProcessReader(std::filesystem::path root) : root_(std::move(root)) {}

std::filesystem::path ProcessReader::directory(pid_t process) const { return root_ / "proc" / std::to_string(process); }

std::optional<nanoseconds> ProcessReader::cpu_time(pid_t process) const {
  const std::optional<ProcessStat> stat = parse_process_stat(os::read_file_if_any(directory(process) / "stat").value_or(""));
  return stat ? std::optional(stat->cpu_time) : std::nullopt;
}

std::optional<Bytes> ProcessReader::resident(pid_t process) const {
  return parse_statm(os::read_file_if_any(directory(process) / "statm").value_or(""));
}

std::optional<nanoseconds> ProcessReader::thread_time(const std::filesystem::path& task) const {
  if (const auto exact = parse_schedstat(os::read_file_if_any(task / "schedstat").value_or(""))) return exact;
  const std::optional<ProcessStat> stat = parse_process_stat(os::read_file_if_any(task / "stat").value_or(""));
  return stat ? std::optional(stat->cpu_time) : std::nullopt;
}

std::vector<ThreadTime> ProcessReader::threads(pid_t process) const {
  std::vector<ThreadTime> threads;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory(process) / "task", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::optional<pid_t> id = whole_number<pid_t>(entry->path().filename().native());
    const std::optional<std::string> name = os::read_file_if_any(entry->path() / "comm");
    const std::optional<nanoseconds> time = thread_time(entry->path());
    if (id && name && time) threads.push_back({*id, text::printable(text::trim(*name)), *time});
  }
  std::ranges::sort(threads, {}, &ThreadTime::id);
  return threads;
}

std::vector<nanoseconds> ProcessReader::thread_times(pid_t process, const std::vector<pid_t>& threads) const {
  std::vector<nanoseconds> times;
  times.reserve(threads.size());
  const std::filesystem::path tasks = directory(process) / "task";
  for (const pid_t id : threads) times.push_back(thread_time(tasks / std::to_string(id)).value_or(nanoseconds{}));
  return times;
}

std::vector<nanoseconds> ProcessReader::vcpu_times(pid_t process) const {
  std::map<unsigned, nanoseconds> by_index;
  for (const ThreadTime& thread : threads(process)) {
    if (const std::optional<unsigned> index = vcpu_index(thread.name)) by_index[*index] = thread.cpu_time;
  }
  std::vector<nanoseconds> times;
  times.reserve(by_index.size());
  for (const auto& [index, time] : by_index) times.push_back(time);
  return times;
}

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // "PID (NAME) STATE ..." - the name ends at the last bracket of the line; utime and stime are fields 14 and 15.
  const std::size_t open = text.find('(');
  const std::size_t shut = text.rfind(')');
  if (open == std::string_view::npos || shut == std::string_view::npos || shut < open) return std::nullopt;
  const std::string_view rest = text.substr(shut + 1);
  const auto user = whole_number<std::uint64_t>(field(rest, 11));
  const auto system = whole_number<std::uint64_t>(field(rest, 12));
  if (!user || !system) return std::nullopt;
  return ProcessStat{text::printable(text.substr(open + 1, shut - open - 1)), from_ticks(*user) + from_ticks(*system)};
}

std::optional<nanoseconds> parse_schedstat(std::string_view text) {
  const auto run = whole_number<std::int64_t>(field(text, 0));
  // Kernels without CONFIG_SCHED_INFO have no file, those with schedstats off print zeros.
  return run && *run > 0 ? std::optional(nanoseconds(*run)) : std::nullopt;
}

std::optional<Bytes> parse_statm(std::string_view text) {
  const auto pages = whole_number<std::uint64_t>(field(text, 1));
  if (!pages || *pages > (std::uint64_t{1} << 48U)) return std::nullopt;
  return Bytes{*pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

std::optional<unsigned> vcpu_index(std::string_view thread_name) {
  if (thread_name == "ALL CPUs/TCG") return 0;
  if (!thread_name.starts_with("CPU ")) return std::nullopt;
  const std::size_t slash = thread_name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = whole_number<unsigned>(thread_name.substr(4, slash - 4));
  return index && *index < kVcpuLimit ? index : std::nullopt;
}

}  // namespace visor::host
