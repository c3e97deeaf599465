#include "visor/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace visor::cli {
namespace {

constexpr std::int64_t kYear = std::int64_t{366} * 86400;

std::int64_t unit_seconds(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "m" || unit == "min") return 60;
  if (unit == "h") return 3600;
  return unit == "d" ? 86400 : 0;
}

}  // namespace

std::chrono::seconds parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return Error(ErrorKind::invalid, "duration.invalid", fmt::format("'{}' is not a duration.", text::printable(text)),
                 "Write a number with s, m, h or d, like 90s, 10m or 1h30m.");
  };
  std::string_view rest = text::trim(text);
  std::int64_t total = 0;
  if (rest.empty()) throw refuse();
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || number > kYear) throw refuse();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::size_t next = rest.find_first_of("0123456789");
    const std::string_view unit = rest.substr(0, next);
    const bool bare = unit.empty() && total == 0;
    const std::int64_t factor = bare ? 1 : unit_seconds(unit);
    if (factor == 0) throw refuse();
    total += number * factor;
    if (total > kYear) throw refuse();
    rest.remove_prefix(unit.size());
  }
  return std::chrono::seconds(total);
}

std::string format_duration(std::chrono::seconds duration) {
  const std::int64_t total = std::max<std::int64_t>(0, duration.count());
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600)
    return total % 60 == 0 ? fmt::format("{} min", total / 60) : fmt::format("{} min {} s", total / 60, total % 60);
  if (total < 86400) {
    const std::int64_t minutes = total % 3600 / 60;
    return minutes == 0 ? fmt::format("{} h", total / 3600) : fmt::format("{} h {} min", total / 3600, minutes);
  }
  const std::int64_t hours = total % 86400 / 3600;
  return hours == 0 ? fmt::format("{} d", total / 86400) : fmt::format("{} d {} h", total / 86400, hours);
}

std::string format_elapsed(std::chrono::milliseconds elapsed) {
  const std::int64_t total = std::max<std::int64_t>(0, elapsed.count());
  if (total < 10'000) return fmt::format("{}.{} s", total / 1000, total % 1000 / 100);
  if (total < 60'000) return fmt::format("{} s", total / 1000);
  return fmt::format("{}:{:02} min", total / 60'000, total / 1000 % 60);
}

std::string format_age(WallTime then, WallTime now) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - then);
  if (age.count() < 1) return "now";
  const std::string text = format_duration(age);
  // One unit is enough for how long ago something was.
  const std::size_t second_unit = text.find(' ', text.find(' ') + 1);
  return text.substr(0, second_unit) + " ago";
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const std::string number = fmt::format("{:.1f}", value);
  return (number.ends_with(".0") ? number.substr(0, number.size() - 2) : number) + " " + kUnits[unit];
}

std::string format_rate(double bytes_per_second) {
  return format_size(static_cast<std::uint64_t>(std::max(0.0, bytes_per_second))) + "/s";
}

}  // namespace visor::cli
