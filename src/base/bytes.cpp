#include "base/bytes.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace visor {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kKi = 1024.0;
constexpr double kKilo = 1000.0;
constexpr std::array<Unit, 17> kUnits{{{"", 1},
                                       {"B", 1},
                                       {"K", kKi},
                                       {"M", kKi* kKi},
                                       {"G", kKi* kKi* kKi},
                                       {"T", kKi* kKi* kKi* kKi},
                                       {"P", kKi* kKi* kKi* kKi* kKi},
                                       {"KIB", kKi},
                                       {"MIB", kKi* kKi},
                                       {"GIB", kKi* kKi* kKi},
                                       {"TIB", kKi* kKi* kKi* kKi},
                                       {"PIB", kKi* kKi* kKi* kKi* kKi},
                                       {"KB", kKilo},
                                       {"MB", kKilo* kKilo},
                                       {"GB", kKilo* kKilo* kKilo},
                                       {"TB", kKilo* kKilo* kKilo* kKilo},
                                       {"PB", kKilo* kKilo* kKilo* kKilo* kKilo}}};
// Amounts above this lose exactness in JSON readers that use signed 64-bit integers.
constexpr double kLimit = 9223372036854775807.0;

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorKind::invalid, "bytes.invalid", fmt::format("'{}' is not a size.", text),
              "Write a number with a unit, for example 512MiB, 10G or 1.5TiB.");
}

double factor_of(std::string_view text, std::string unit) {
  for (char& c : unit) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.factor;
  }
  refuse(text);
}

}  // namespace

Bytes parse_bytes(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{} || number < 0 || !std::isfinite(number)) refuse(text);
  while (rest != end && *rest == ' ') ++rest;
  const double bytes = number * factor_of(text, std::string(rest, end));
  if (bytes >= kLimit) refuse(text);
  return {static_cast<std::uint64_t>(std::llround(bytes))};
}

std::string format_bytes(Bytes bytes) {
  static constexpr std::array<std::string_view, 7> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes.count);
  std::size_t unit = 0;
  while (value >= kKi && unit + 1 < kNames.size()) {
    value /= kKi;
    ++unit;
  }
  std::string number = fmt::format("{:.{}f}", value, value < 10 && unit > 0 ? 2 : value < 100 && unit > 0 ? 1 : 0);
  if (number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  return fmt::format("{} {}", number, kNames.at(unit));
}

}  // namespace visor
