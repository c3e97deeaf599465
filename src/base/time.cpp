#include "base/time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "base/error.h"

namespace visor {

std::string format_time(WallTime time) {
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = since_epoch / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts, since_epoch % 1000);
}

WallTime parse_time(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  int milliseconds = 0;
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  const bool has_fraction = rest != nullptr && *rest == '.';
  if (has_fraction && std::sscanf(rest, ".%3dZ", &milliseconds) != 1) rest = nullptr;
  if (rest == nullptr || (!has_fraction && std::string_view(rest) != "Z")) {
    throw Error(ErrorKind::invalid, "time.invalid", fmt::format("'{}' is not a time.", text),
                "Write it like 2026-01-31T12:00:00Z.");
  }
  return std::chrono::system_clock::from_time_t(timegm(&parts)) + std::chrono::milliseconds(milliseconds);
}

}  // namespace visor
