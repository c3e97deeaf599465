#include "base/time.h"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "base/error.h"

namespace visor {

std::string format_time(WallTime time) {
  const auto moment = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const auto clock = (moment - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock / 3'600'000,
                     clock / 60'000 % 60, clock / 1000 % 60, clock % 1000);
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
