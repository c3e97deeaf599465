// The header of a qcow2 file (QEMU docs/interop/qcow2.txt), read without QEMU: a machine's start cannot afford a qemu-img
// run per disk, and what a header names must be known before any program follows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "storage/byte_source.h"

namespace visor::storage {

/// What Visor needs to know of a qcow2 file. All of it is untrusted input that has passed the checks of the format only.
struct Qcow2Header {
  std::uint32_t version = 0;  ///< 2 or 3
  Bytes cluster_size;
  Bytes virtual_size;
  std::optional<std::string> backing_file;    ///< as written in the file: a path, or whatever somebody put there
  std::optional<std::string> backing_format;  ///< "qcow2", "raw", ...
  bool has_data_file = false;                 ///< guest data lies in another file
  std::string data_file;                      ///< its name; may be empty although has_data_file
  bool encrypted = false;
  bool corrupt = false;  ///< QEMU has marked it: it may be read, not written
};

/// Whether the bytes begin with the magic of qcow2 (any version, also the old qcow).
bool has_qcow2_magic(const ByteSource& bytes);

/// Reads at most 2 MiB + 64 KiB. `name` is for messages. Errors: `image.not_an_image` (no qcow2 header, or one that breaks the
/// format), `image.truncated` (ends within its header).
Qcow2Header read_qcow2_header(const ByteSource& bytes, const std::string& name);

}  // namespace visor::storage
