// The files of snapshots besides the disks. All of this blocks: for the pool.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace visor::engine {

/// Copies those of `names` (files, or folders of files) that are in `from` to `to`, which exists; with owners, rights and holes,
/// forced to the disk.
void copy_state(const std::filesystem::path& from, const std::filesystem::path& to, const std::vector<std::string>& names);
/// Moves those of `names` that are in `from` over those in `to`. Cut off anywhere, it can be done again.
void move_state(const std::filesystem::path& from, const std::filesystem::path& to, const std::vector<std::string>& names);
/// Forces a file, or the names in a folder, to the disk. Not being there is fine.
void sync_path(const std::filesystem::path& path);
/// What a file or a tree occupies; 0 when it is not there.
Bytes occupied(const std::filesystem::path& path);

}  // namespace visor::engine
