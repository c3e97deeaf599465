// Landlock: a process gives up all files but the named ones (landlock(7), kernel Documentation/userspace-api/landlock.rst).
#pragma once

#include <filesystem>
#include <vector>

#include "os/fd.h"

namespace visor::os {

/// The ABI version of the running kernel, 0 when it has no Landlock.
int landlock_version() noexcept;

/// A folder whose files a program may see and perhaps change, and nothing more: it runs none, and makes no devices, sockets and
/// pipes.
struct SharedFolder {
  std::filesystem::path path;
  bool writable = false;
  bool links = false;  ///< may make symbolic links
};

/// A ruleset that allows reading and executing below `readable` and everything below `writable`; paths that do not exist
/// are left out; in `shared` what each says. An empty Fd when the kernel has no Landlock. For Process::spawn, which enters it in the child.
Fd make_landlock_ruleset(const std::vector<std::filesystem::path>& readable, const std::vector<std::filesystem::path>& writable,
                         const std::vector<SharedFolder>& shared = {});

}  // namespace visor::os
