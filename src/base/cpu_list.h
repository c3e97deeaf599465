// Lists of processors as Linux writes them: "0-3,8" (cpuset(7), "List format").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace visor {

/// The numbers of a list, ascending and each once; nothing when the text is no list or names a number above 8191, the most that a
/// kernel of today can have (NR_CPUS). An empty text is the empty list.
std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

/// Ascending numbers as a list: {0, 1, 2, 5} is "0-2,5".
std::string to_cpu_list(const std::vector<std::uint32_t>& numbers);

}  // namespace visor
