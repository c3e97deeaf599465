// What all work on volumes checks in the same way.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"

namespace visor::storage {

/// The path without symbolic links; it exists.
std::filesystem::path real_path(const std::filesystem::path& path);
/// Whether `path` is something below `directory`, both without symbolic links.
bool lies_below(const std::filesystem::path& path, const std::filesystem::path& directory);
/// Error `image.outside`: a file that is none of ours.
Error outside(const std::filesystem::path& path);
/// Throws Error `volume.bad_size` for what no disk can have.
void require_size(Bytes size);

}  // namespace visor::storage
