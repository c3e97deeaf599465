// The file that QEMU appends a serial port's output to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.h"

namespace visor::console {

/// A piece at the end of the log.
struct LogTail {
  std::string bytes;
  std::uint64_t end = 0;  ///< size of the file, where `bytes` ends
};

/// At most the last `limit` bytes from position `from` on; empty when the log is missing or is no regular file. Symbolic links
/// are not followed: QEMU, which is not trusted, may write into this directory. Blocks.
LogTail read_log_tail(const std::filesystem::path& log, std::uint64_t from, Bytes limit);

/// Cuts the log to its last `keep` bytes and returns its new size. What QEMU appends in this very moment may be missing from
/// the file. Does nothing for what is no regular file with one name. Blocks; throws Error.
std::uint64_t trim_log(const std::filesystem::path& log, Bytes keep);

}  // namespace visor::console
