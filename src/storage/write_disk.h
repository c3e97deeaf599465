// Writing a disk that nobody uses anew: in another format, without what it stands on, without blocks of zeros.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "storage/storage.h"

namespace visor::storage {

constexpr mode_t kImageMode = 0400;

struct DiskWrite {
  std::filesystem::path disk;
  model::DiskFormat format = model::DiskFormat::qcow2;
  std::filesystem::path target;  ///< does not exist yet
  model::DiskFormat target_format = model::DiskFormat::qcow2;
  bool keep_base =
      false;              ///< the target stands on what the disk stands on, both qcow2 and in one directory; else it stands alone
  bool compress = false;  ///< qcow2 only
  mode_t mode = 0600;
};

/// Writes what the disk reads to the target. Returns the size that a guest sees. Errors: those of Storage::chain(), `host.no_space`,
/// `volume.exists`, `image.unreadable`, `image.corrupt`, `image.in_use`.
Awaitable<Bytes> write_disk(Storage& storage, DiskWrite wanted, Progress progress);

}  // namespace visor::storage
