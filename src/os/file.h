// Files and directories, with errors that name the path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "os/fd.h"

namespace visor::os {

/// open(2) with O_CLOEXEC. `flags` and `mode` as in the manual page. Throws Error.
Fd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);
/// The whole file, at most `limit` bytes (Error `host.file_too_large` beyond).
std::string read_file(const std::filesystem::path& path, Bytes limit = Bytes{std::uint64_t{16} << 20U});
/// The whole file, or nothing when it does not exist or cannot be read: for /proc and /sys, where things come and go.
std::optional<std::string> read_file_if_any(const std::filesystem::path& path);
/// At most the last `limit` bytes of a file; empty if there is none.
std::string read_tail(const std::filesystem::path& path, Bytes limit);
/// Whether a file has to outlive a power cut, for which one waits for the disk.
enum class Durable { yes, no };
/// Writes through a temporary file, fsync and rename: readers see the old content or the new, also after a power cut when
/// `durable`. The file has exactly `mode`, whatever the process's umask.
void replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600,
                  Durable durable = Durable::yes);
/// Writes all of `bytes` to a blocking descriptor.
void write_all(int fd, std::string_view bytes);
/// At most `limit` bytes from `offset` on; less at the end of the file.
std::string read_at(int fd, std::uint64_t offset, Bytes limit);
/// Writes all of `bytes` at `offset`.
void write_at(int fd, std::uint64_t offset, std::string_view bytes);
/// The size of a regular file; nothing for a directory, a pipe and the like.
std::optional<Bytes> regular_size(int fd);
/// Creates a directory and its parents with exactly `mode` (default: owner only). Fine if it is there.
void make_directories(const std::filesystem::path& path, mode_t mode = 0700);
/// Deletes a file or a tree. Not being there is fine. Never follows symbolic links out of it.
void remove_tree(const std::filesystem::path& path);

/// Space of the file system that holds `path`.
struct Space {
  Bytes total;
  Bytes free;  ///< what an unprivileged user may still write
};
Space file_system_space(const std::filesystem::path& path);

/// Bytes that the file really occupies (st_blocks).
Bytes allocated_size(const std::filesystem::path& path);

/// An exclusive lock on a file, held until destruction or the death of the process (flock(2)).
class FileLock {
 public:
  /// Creates the file if needed. Nothing when another process holds the lock.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace visor::os
