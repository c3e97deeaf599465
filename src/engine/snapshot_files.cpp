#include "engine/snapshot_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::engine {
namespace {

/// Errors of this file name the path that they are about.
void require(bool good, const char* what, const std::filesystem::path& path) {
  if (!good) throw system_error(fmt::format("{} {}", what, path.native()), errno);
}

void copy_range(const os::Fd& from, const os::Fd& to, off_t start, off_t end, const std::filesystem::path& path) {
  while (start < end) {
    off_t place = start;
    const ssize_t copied = ::copy_file_range(from.get(), &start, to.get(), &place, static_cast<std::size_t>(end - start), 0);
    if (copied < 0 && errno == EINTR) continue;
    require(copied >= 0, "copy", path);
    if (copied == 0) return;
  }
}

void copy_content(const os::Fd& from, const os::Fd& to, off_t size, const std::filesystem::path& path) {
  off_t at = 0;
  while (at < size) {
    const off_t data = ::lseek(from.get(), at, SEEK_DATA);
    // ENXIO: only a hole is left.
    if (data < 0 && errno == ENXIO) break;
    require(data >= 0, "read", path);
    const off_t hole = ::lseek(from.get(), data, SEEK_HOLE);
    require(hole >= 0, "read", path);
    copy_range(from, to, data, hole, path);
    at = hole;
  }
  require(::ftruncate(to.get(), size) == 0, "copy", path);
}

void give_like(const os::Fd& to, const struct stat& info, const std::filesystem::path& path) {
  const bool same = info.st_uid == ::geteuid() && info.st_gid == ::getegid();
  require(same || ::fchown(to.get(), info.st_uid, info.st_gid) == 0, "give away", path);
  require(::fchmod(to.get(), info.st_mode & 07777U) == 0, "protect", path);
}

void copy_plain_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  const os::Fd source = os::open_file(from, O_RDONLY | O_NOFOLLOW);
  const os::Fd target = os::open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  struct stat info {};
  require(::fstat(source.get(), &info) == 0, "look at", from);
  copy_content(source, target, info.st_size, to);
  give_like(target, info, to);
  require(::fsync(target.get()) == 0, "fsync", to);
}

/// Of a folder only plain files: nothing else is in that of a TPM.
void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  const os::Fd source = os::open_file(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat info {};
  require(::fstat(source.get(), &info) == 0, "look at", from);
  os::make_directories(to);
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.is_regular_file() && !entry.is_symlink()) copy_plain_file(entry.path(), to / entry.path().filename());
  }
  give_like(os::open_file(to, O_RDONLY | O_DIRECTORY), info, to);
  sync_path(to);
}

}  // namespace

void copy_state(const std::filesystem::path& from, const std::filesystem::path& to, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::filesystem::file_status status = std::filesystem::symlink_status(from / name);
    if (std::filesystem::is_regular_file(status)) copy_plain_file(from / name, to / name);
    if (std::filesystem::is_directory(status)) copy_folder(from / name, to / name);
  }
  sync_path(to);
}

void move_state(const std::filesystem::path& from, const std::filesystem::path& to, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::filesystem::file_status status = std::filesystem::symlink_status(from / name);
    if (!std::filesystem::exists(status)) continue;
    // A folder cannot be renamed over one that holds something.
    if (std::filesystem::is_directory(status)) os::remove_tree(to / name);
    std::filesystem::rename(from / name, to / name);
  }
  sync_path(to);
}

void sync_path(const std::filesystem::path& path) {
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return;
  require(static_cast<bool>(file) && ::fsync(file.get()) == 0, "fsync", path);
}

Bytes occupied(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  Bytes sum{static_cast<std::uint64_t>(info.st_blocks) * 512};
  if (!S_ISDIR(info.st_mode)) return sum;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) sum = sum + occupied(entry.path());
  return sum;
}

}  // namespace visor::engine
