#include "base/cpu_list.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace visor {
namespace {

constexpr std::uint32_t kHighest = 8191;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > kHighest) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  if (text.empty()) return std::vector<std::uint32_t>();
  // Marks, not a growing list: a hostile text may name the same range ten thousand times.
  std::vector<bool> named(kHighest + 1);
  for (const std::string& part : text::split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = number(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number(part.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    for (std::uint32_t value = *first; value <= *last; ++value) named[value] = true;
  }
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t value = 0; value <= kHighest; ++value) {
    if (named[value]) numbers.push_back(value);
  }
  return numbers;
}

std::string to_cpu_list(const std::vector<std::uint32_t>& numbers) {
  std::string list;
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    list += (list.empty() ? "" : ",") + std::to_string(numbers[first]);
    if (last > first) list += "-" + std::to_string(numbers[last]);
    first = last + 1;
  }
  return list;
}

}  // namespace visor
