// Copying one file as fast as its file system can.
#pragma once

#include <filesystem>
#include <string>

#include "storage/metered.h"

namespace visor::storage {

/// Two open files and the name of the first one for messages.
struct FilePair {
  int from = -1;
  int to = -1;
  std::string name;
};

/// Makes `to` share the content of `from`, at once and without space of its own (a reflink: ioctl_ficlonerange(2)). Whether a file
/// system can is not asked but tried; false when it cannot. Throws Error where it could but failed (no space, a broken disk).
bool share_content(const FilePair& files);

/// Copies the content of `from` into the empty file `to`. Holes stay holes: only data is read. Blocks; for the pool. Adds the bytes
/// that it has written to `meter.done` and stops within a moment when told so. Errors: `host.no_space`, `volume.changed` when
/// `from` becomes shorter meanwhile, and those of system calls.
void copy_content(const FilePair& files, Meter& meter);

/// Copies a small file, which is new then and readable by its owner only, and waits for the disk. Blocks; for the pool.
void copy_small_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace visor::storage
