// What this host offers to machines, looked up in its files: what works, what does not, why, and how to get it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/host_check.h"

namespace visor::host {

/// What no file below the root tells: who asks, and what the kernel lets him do.
struct Surroundings {
  uid_t user = 0;
  int landlock = 0;                            ///< version of the kernel's Landlock, 0: none
  std::optional<std::uint64_t> descriptors;    ///< most open files of the process; nothing: no limit
  std::optional<std::uint64_t> locked_memory;  ///< most bytes that it may lock; nothing: no limit
  std::uint64_t page_size = 4096;
  /// What open(2) for reading and writing says: 0 or an errno value.
  std::function<int(const std::filesystem::path&)> open_device;
  std::function<bool(const std::filesystem::path&)> may_write;
  std::function<std::optional<std::filesystem::path>(const std::string&)> find_program;
};

/// Those of this process.
Surroundings own_surroundings();

/// Reads /proc, /sys, /etc, /dev and /lib/modules below a root, so that another host's tree can be read as well. Blocks for some
/// milliseconds. Nothing is changed and nothing is tried but opening devices.
class HostChecks {
 public:
  explicit HostChecks(std::filesystem::path root = "/", Surroundings surroundings = own_surroundings());

  /// Everything that no hypervisor has to be asked for, in the order of the features.
  std::vector<model::HostCheck> read() const;

 private:
  std::filesystem::path root_;
  Surroundings surroundings_;
};

}  // namespace visor::host
