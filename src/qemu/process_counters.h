// What the kernel says about a QEMU process and its threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace visor::qemu {

/// Processor time of one thread since its start; nothing when it is gone. From schedstat (nanoseconds), else stat (ticks).
std::optional<std::chrono::nanoseconds> thread_time(pid_t pid, std::int64_t thread_id);
/// Memory of the host that it occupies now.
Bytes resident_memory(pid_t pid);

/// Of its memory what is held once with equal pages of others (/proc/PID/ksm_merging_pages, Linux 5.19); nothing where the kernel does
/// not tell.
std::optional<Bytes> merged_memory(pid_t pid);

/// First number of a schedstat file.
std::optional<std::chrono::nanoseconds> parse_schedstat(std::string_view content);
/// utime + stime of a stat file (proc(5) fields 14 and 15).
std::optional<std::chrono::nanoseconds> parse_stat_time(std::string_view content);

}  // namespace visor::qemu
