// What a disk file is, told from its own bytes before any program opens it: the format is fixed from then on, and a file that
// would make QEMU open other files is refused.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "model/machine_spec.h"
#include "storage/byte_source.h"

namespace visor::storage {

struct ProbedImage {
  model::DiskFormat format = model::DiskFormat::raw;
  std::optional<std::string> backing_file;    ///< qcow2 only, as written in the file
  std::optional<std::string> backing_format;  ///< likewise
};

/// Detects the format, or checks that the file is of the `stated` one. A raw disk has no header: unless stated, it must be a
/// multiple of 512 bytes with a partition table, boot sector or ISO 9660 file system. Errors: `image.not_an_image`,
/// `image.truncated`, `image.has_backing_file` (a second file holds its data: qcow2 data file, VMDK extents, VDI parent),
/// `image.encrypted`. `name` is for messages.
ProbedImage probe_image(const ByteSource& bytes, const std::string& name, std::optional<model::DiskFormat> stated);

/// The errors of images that several checks share.
Error not_an_image(const std::string& name, const std::string& why, const std::string& hint);
Error truncated_image(const std::string& name, const std::string& why);
Error has_backing_file(const std::string& name, const std::string& other);

}  // namespace visor::storage
