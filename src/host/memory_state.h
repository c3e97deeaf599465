// How much memory the host has left, and whether something waits for it.
#pragma once

#include <filesystem>

#include "base/bytes.h"

namespace visor::host {

struct MemoryState {
  Bytes total;
  Bytes available;      ///< MemAvailable of /proc/meminfo
  double pressure = 0;  ///< "some avg10" of /proc/pressure/memory in percent; 0 where the kernel does not tell
};

/// Below `root`. Blocks for some microseconds.
MemoryState read_memory_state(const std::filesystem::path& root);

}  // namespace visor::host
