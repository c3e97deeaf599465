// Durations and other amounts as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace visor::cli {

/// Reads "90" (seconds), "60s", "10m", "1h30m", "2d". Throws Error `duration.invalid` for anything else and for more than a
/// year.
std::chrono::seconds parse_duration(std::string_view text);
/// The two largest units: "45 s", "3 min 20 s", "2 h 5 min", "4 d 1 h".
std::string format_duration(std::chrono::seconds duration);
/// "1.5 s", "12 s", "2:05 min": time spent on a step.
std::string format_elapsed(std::chrono::milliseconds elapsed);
/// "3 min ago".
std::string format_age(WallTime then, WallTime now);
/// "1.2 MiB/s".
std::string format_rate(double bytes_per_second);
/// An amount with one decimal: "1.2 GiB". For what is measured; settings are shown exactly by format_bytes().
std::string format_size(std::uint64_t bytes);

}  // namespace visor::cli
