// Huge pages for machines: reserved before QEMU is started, given back when it has ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/huge_pages.h"
#include "model/machine_spec.h"

namespace visor::qemu {

/// Pages that a machine needs, all of one pool.
struct HugePageNeed {
  host::HugePagePool pool;
  std::uint64_t pages = 0;
};

/// One entry per pool; empty for a machine with pages of 4 KiB. Memory that may lie on several nodes of the host counts for the
/// host as a whole.
std::vector<HugePageNeed> huge_page_needs(const model::Memory& memory);

/// What was taken is noted in the machine's runtime directory before it is taken, so that a later daemon gives it back.
class HugePages {
 public:
  explicit HugePages(std::filesystem::path root) : root_(std::move(root)) {}

  /// Makes sure that the pages are there: those that are free count, the rest is asked of the kernel. Nothing was taken when it
  /// throws. Error{conflict, "host.huge_pages_missing"} with the numbers.
  void take(const std::string& id, const model::Memory& memory, const std::filesystem::path& runtime_directory);
  /// QEMU has its pages now: they are no longer free.
  void settle(const std::string& id) { starting_.erase(id); }
  /// Gives back what was taken for the machine of this directory. Not to be able to is logged.
  void give_back(const std::filesystem::path& runtime_directory) noexcept;

 private:
  std::uint64_t promised(const host::HugePagePool& pool) const;

  std::filesystem::path root_;
  std::map<std::string, std::vector<HugePageNeed>> starting_;
};

}  // namespace visor::qemu
