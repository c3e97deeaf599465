// What this host is and how busy it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/host.h"

namespace visor::host {

/// Processor time since boot in clock ticks, all processors together.
struct CpuTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};

/// Reads /proc, /sys and /etc below a root, so that the recorded tree of another host can be read as well. What cannot be read is
/// left empty or 0: a container may hide any of it. Blocks for some hundred microseconds, never for a disk.
class HostReader {
 public:
  explicit HostReader(std::filesystem::path root = "/");

  /// Everything but `qemu` and `instance`. `cpu_percent` is the mean since the read before (since boot at the first),
  /// `storage` the file system that holds `storage_path` (a path of this host, whatever the root).
  model::Host read(const std::filesystem::path& storage_path);

 private:
  std::string text_of(const char* path) const;
  model::HostCpu read_cpu() const;

  std::filesystem::path root_;
  std::optional<model::HostCpu> cpu_;  ///< read once
  CpuTimes before_;
  double cpu_percent_ = 0;
};

/// The name for people in os-release(5), "Linux" without one.
std::string parse_os_release(std::string_view text);
/// Whole seconds of /proc/uptime.
std::uint64_t parse_uptime(std::string_view text);
/// MemTotal and MemAvailable of /proc/meminfo.
model::HostMemory parse_meminfo(std::string_view text);
/// The three means of /proc/loadavg; empty when it is none.
std::vector<double> parse_loadavg(std::string_view text);
/// The line of all processors in /proc/stat. Guest time is part of user time there and is not counted twice; time that waits for
/// a disk is idle.
CpuTimes parse_cpu_times(std::string_view text);
/// Busy share of the time between two readings, 0-100; nothing when no time has passed.
std::optional<double> cpu_percent(const CpuTimes& before, const CpuTimes& after);
/// The processor's name in /proc/cpuinfo: "model name" (x86), "Model" or "Hardware" (Arm boards), "uarch" (RISC-V); or empty.
std::string parse_cpu_model(std::string_view cpuinfo);

}  // namespace visor::host
