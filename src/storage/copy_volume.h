// Copying the disk of a machine that is off.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "storage/storage.h"

namespace visor::storage {

/// A volume and where its copy goes. Nothing writes to the volume until the copy is whole.
struct VolumeCopy {
  std::filesystem::path from;
  model::DiskFormat format = model::DiskFormat::qcow2;
  std::filesystem::path to;  ///< in the same directory
};

enum class CopyWay { shared, copied };

/// Bytes of the volume and of all that it stands on below volumes: at most that much a copy needs.
Awaitable<Bytes> bytes_to_copy(Storage& storage, std::filesystem::path volume, model::DiskFormat format);
/// Whether the file system lets two files share their content: found by doing it.
Awaitable<bool> can_share(std::filesystem::path volume);

/// Makes a copy that shares no file below volumes with the original. Where that is one file, it is shared block by block (reflink) or
/// copied without its holes. Where several volumes stand on each other, the copy is one file with the content of all of them. It
/// stands on the same image as the original. `report` is called on the loop with the bytes done so far. Errors: those of chain(),
/// `host.no_space`, `volume.exists`, `volume.changed`, `volume.rebase_failed`, `image.unreadable`.
Awaitable<CopyWay> copy_volume(Storage& storage, VolumeCopy copy, std::function<void(Bytes)> report);

}  // namespace visor::storage
