// Wall-clock time as it is stored and shown.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace visor {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-01-31T12:00:00.123Z" (RFC 3339, UTC, milliseconds).
std::string format_time(WallTime time);
/// Reads what format_time writes (the fraction may be missing). Throws Error `time.invalid`.
WallTime parse_time(std::string_view text);

}  // namespace visor
