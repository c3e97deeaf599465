// Whether the files of a disk are sound, and repairing them.
#pragma once

#include <filesystem>

#include "loop/awaitable.h"
#include "model/disk_requests.h"
#include "storage/storage.h"

namespace visor::storage {

/// Looks at the tables of every file of the disk, or repairs those of its own files, one after the other from the top; an image below
/// them is only looked at. Nobody uses the disk. Errors: those of Storage::chain(), `image.truncated`, `image.not_an_image`,
/// `image.inspect_timeout`, `image.in_use`, `volume.repair_failed`.
Awaitable<model::DiskCheck> check_volume(Storage& storage, std::filesystem::path disk, model::DiskFormat format, bool repair);

}  // namespace visor::storage
