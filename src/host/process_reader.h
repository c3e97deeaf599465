// What a process uses, from /proc.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace visor::host {

/// Fields of /proc/PID/stat or /proc/PID/task/TID/stat (proc(5)).
struct ProcessStat {
  std::string name;                     ///< at most 15 bytes, chosen by the process; made printable
  std::chrono::nanoseconds cpu_time{};  ///< user and system, in steps of a clock tick
};

/// One thread of a process.
struct ThreadTime {
  pid_t id = 0;
  std::string name;
  std::chrono::nanoseconds cpu_time{};
};

/// Reads /proc below a root. Everything may be gone at any time, which is no error: nothing is returned then.
class ProcessReader {
 public:
  explicit ProcessReader(std::filesystem::path root = "/");

  /// Processor time of all threads, also of those that have ended.
  std::optional<std::chrono::nanoseconds> cpu_time(pid_t process) const;
  /// Host memory that it occupies now (resident set of /proc/PID/statm; pages shared with others count fully).
  std::optional<Bytes> resident(pid_t process) const;
  /// All threads in the order of their ids.
  std::vector<ThreadTime> threads(pid_t process) const;
  /// Processor time of these threads in the given order; 0 for one that is gone. Cheaper than threads(): the ids of QEMU's
  /// processors (query-cpus-fast) do not change while they exist.
  std::vector<std::chrono::nanoseconds> thread_times(pid_t process, const std::vector<pid_t>& threads) const;
  /// Processor time of QEMU's virtual processors in their order, found by the names that `debug-threads=on` gives: "CPU 0/KVM",
  /// "CPU 1/TCG", or "ALL CPUs/TCG" when one thread runs all.
  std::vector<std::chrono::nanoseconds> vcpu_times(pid_t process) const;

 private:
  std::filesystem::path directory(pid_t process) const;
  std::optional<std::chrono::nanoseconds> thread_time(const std::filesystem::path& task) const;

  std::filesystem::path root_;
};

/// Nothing for what is no such line. The name may contain blanks and brackets.
std::optional<ProcessStat> parse_process_stat(std::string_view text);
/// First field of /proc/PID/task/TID/schedstat: exact running time. Nothing when the kernel does not keep it.
std::optional<std::chrono::nanoseconds> parse_schedstat(std::string_view text);
/// Resident set of /proc/PID/statm in bytes.
std::optional<Bytes> parse_statm(std::string_view text);
/// The number in "CPU 3/KVM"; nothing for other threads.
std::optional<unsigned> vcpu_index(std::string_view thread_name);

}  // namespace visor::host
