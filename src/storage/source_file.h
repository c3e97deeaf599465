// A file that a user names: opened once, and the same open file is hashed, inspected and converted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "os/fd.h"
#include "storage/metered.h"

namespace visor::storage {

/// A regular file open for reading. Renaming or replacing the name later changes nothing here.
struct SourceFile {
  os::Fd fd;
  std::string name;  ///< for messages
  Bytes size;
  std::int64_t changed_at = 0;  ///< time of the last change of content, in nanoseconds
};

/// Opens `path` (symbolic links are followed). Errors: `image.source_not_found`, `image.source_not_a_file` (directory, pipe, device),
/// `image.source_unreadable` (no permission, with the user's name of visord).
SourceFile open_source(const std::filesystem::path& path, const std::string& name);
/// Throws Error `image.source_changed` when somebody has written to the file since it was opened.
void require_unchanged(const SourceFile& source);
/// Lower-case hex SHA-256 of the whole file. Blocks; for the pool.
std::string sha256_file(const SourceFile& source, Meter& meter);
/// Lower-case hex SHA-256 of a short text.
std::string sha256_text(const std::string& text);

}  // namespace visor::storage
