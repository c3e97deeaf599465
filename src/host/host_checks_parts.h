// The parts of host_checks.h: each looks at the files of one or two features.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/host_checks.h"

namespace visor::host {

/// The host that is looked at, and what was found.
class CheckList {
 public:
  CheckList(const std::filesystem::path& root, const Surroundings& surroundings) : root(root), surroundings(surroundings) {}

  void add(model::HostCheck check) { found.push_back(std::move(check)); }
  /// The trimmed content of a file, or nothing.
  std::optional<std::string> text_of(const std::string& path) const;
  /// The number in a file, or nothing.
  std::optional<std::uint64_t> number_of(const std::string& path) const;
  bool exists(const std::string& path) const;
  /// How many entries a directory has; 0 without one.
  std::size_t entries_of(const std::string& path) const;
  /// Whether a kernel module is there: running, built in, or in the files of the running kernel.
  enum class Module { missing, loadable, present };
  Module module(const std::string& name) const;

  const std::filesystem::path& root;
  const Surroundings& surroundings;
  std::vector<model::HostCheck> found;
};

void check_virtualization(CheckList& list);
void check_security(CheckList& list);
void check_memory(CheckList& list);
void check_passthrough(CheckList& list);
void check_control(CheckList& list);
void check_rights(CheckList& list);
void check_programs(CheckList& list);

/// Whether a line of /proc/cpuinfo like "flags" names `flag`; nothing when there is no such line.
std::optional<bool> has_cpu_flag(std::string_view cpuinfo, std::string_view flag);
/// How many bytes of free memory lie together in blocks of at least `block`, told by /proc/buddyinfo.
std::uint64_t free_in_blocks(std::string_view buddyinfo, std::uint64_t block, std::uint64_t page_size);

}  // namespace visor::host
