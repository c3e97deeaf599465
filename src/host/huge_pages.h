// Huge pages of the host (kernel Documentation/admin-guide/mm/hugetlbpage.rst).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace visor::host {

/// Which pages: of one size, of the whole host or of one of its memory nodes.
struct HugePagePool {
  Bytes page;
  std::optional<std::uint32_t> node;
};

/// How many there are.
struct HugePageCount {
  std::uint64_t total = 0;
  std::uint64_t free = 0;  ///< neither used nor promised
};

/// The sizes that the processor has.
std::vector<Bytes> huge_page_sizes(const std::filesystem::path& root);
/// The memory nodes of the host, ascending; 0 alone where the kernel knows of none.
std::vector<std::uint32_t> memory_nodes(const std::filesystem::path& root);
/// Nothing when the host has no pages of this size.
std::optional<HugePageCount> count_huge_pages(const std::filesystem::path& root, const HugePagePool& pool);
/// Asks the kernel for `total` pages, after it has put free memory together where that helps; how many there are then, which may
/// be fewer. System errors: EACCES without root.
std::uint64_t set_huge_pages(const std::filesystem::path& root, const HugePagePool& pool, std::uint64_t total);

}  // namespace visor::host
