#include "qemu/disk_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <span>

#include "base/text.h"
#include "os/file.h"

namespace visor::qemu {
namespace {

/// A range of lock bytes that must be free of others' locks.
struct LockRange {
  off_t start;
  off_t length;
};
/// Bytes 100 + n are held for permission n in use, 200 + n for permission n denied to others; n: 0 consistent read, 1 write,
/// 2 write unchanged, 3 resize.
constexpr std::array<LockRange, 1> kWriterNeeds{{{100, 104}}};
constexpr std::array<LockRange, 3> kReaderNeeds{{{101, 1}, {103, 1}, {200, 1}}};

Error in_use(const PlannedFile& file) {
  const std::string what = file.disk_id.empty() ? "The file" : fmt::format("The disk {}", text::printable(file.disk_id));
  return {ErrorKind::conflict, "disk.in_use",
          fmt::format("{} ({}) is in use by another machine or program.", what, text::printable(file.path.native())),
          "Stop the other machine first, or give this one a copy of the disk."};
}

/// Devices have no lock bytes and no size; anything but files and block devices is refused (a FIFO would block for ever).
void require_disk_like(const os::Fd& fd, const PlannedFile& file) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw system_error(fmt::format("look at {}", file.path.native()), errno);
  if (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode)) return;
  throw Error(ErrorKind::invalid, "disk.not_a_file", fmt::format("{} is neither a file nor a block device.", file.path.native()),
              "Choose a disk image file.");
}

Error open_error(const PlannedFile& file, int error_number) {
  const std::string path = text::printable(file.path.native());
  if (error_number == ENOENT || error_number == ENOTDIR) {
    return {ErrorKind::not_found, "disk.missing", fmt::format("The file {} does not exist.", path),
            "Restore the file, or remove the disk from the machine."};
  }
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    return {ErrorKind::forbidden, "disk.no_permission",
            fmt::format("The user that runs visord may not {} {}.", file.writable ? "write" : "read", path),
            file.writable ? "Give that user the right, or mark the disk as read-only." : "Give that user the right to read it."};
  }
  return system_error(fmt::format("open {}", path), error_number);
}

}  // namespace

os::Fd open_planned(const PlannedFile& file) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end; it has no effect on files.
  os::Fd fd(::open(file.path.c_str(), (file.writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw open_error(file, errno);
  require_disk_like(fd, file);
  ::fcntl(fd.get(), F_SETFL, 0);
  require_unlocked(fd, file);
  return fd;
}

void require_unlocked(const os::Fd& fd, const PlannedFile& file) {
  const std::span<const LockRange> ranges =
      file.writable ? std::span<const LockRange>(kWriterNeeds) : std::span<const LockRange>(kReaderNeeds);
  for (const LockRange& range : ranges) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = range.start;
    lock.l_len = range.length;
    // A file system without such locks answers with an error; QEMU itself then decides.
    if (::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) throw in_use(file);
  }
}

std::optional<Error> lock_failure(const std::vector<std::string>& log, const Plan& plan) {
  bool complained = false;
  for (const std::string& line : log) {
    complained = complained || line.find("Failed to get") != std::string::npos;
    if (!complained) continue;
    for (const PlannedFile& file : planned_files(plan)) {
      if (line.find("[" + file.name() + "]") != std::string::npos) return in_use(file);
    }
  }
  return std::nullopt;
}

}  // namespace visor::qemu
