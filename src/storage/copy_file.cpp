#include "storage/copy_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::storage {
namespace {

/// How much is copied between two looks at whether to stop: some 10 ms of a fast disk, and enough to be one run on a slow one.
constexpr std::uint64_t kPiece = std::uint64_t{8} << 20U;
constexpr std::size_t kBuffer = std::size_t{1} << 20U;

Error failed(const FilePair& files, int error_number) {
  return system_error(fmt::format("copy {}", text::printable(files.name)), error_number);
}

/// Whether this refusal of a file system means "not here" rather than "it went wrong".
bool cannot(int error_number) { return error_number != ENOSPC && error_number != EDQUOT && error_number != EIO; }

/// A run of data of the source.
struct Extent {
  off_t begin = 0;
  off_t end = 0;
};

/// The next data at or behind `at`; empty at the end of the file.
Extent next_data(const FilePair& files, off_t at, off_t size) {
  const off_t begin = ::lseek(files.from, at, SEEK_DATA);
  if (begin < 0 && errno == ENXIO) return {size, size};
  // A file system without holes: all of it is data.
  if (begin < 0 && errno == EINVAL) return {at, size};
  if (begin < 0) throw failed(files, errno);
  const off_t end = ::lseek(files.from, begin, SEEK_HOLE);
  if (end < 0) throw failed(files, errno);
  return {begin, std::min(end, size)};
}

class ContentCopy {
 public:
  ContentCopy(const FilePair& files, Meter& meter) : files_(files), meter_(meter) {}

  void run() {
    struct stat source {};
    if (::fstat(files_.from, &source) != 0) throw failed(files_, errno);
    if (::ftruncate(files_.to, source.st_size) != 0) throw failed(files_, errno);
    for (off_t at = 0; at < source.st_size;) {
      const Extent extent = next_data(files_, at, source.st_size);
      copy(extent);
      at = extent.end;
    }
  }

 private:
  void copy(Extent extent) {
    while (extent.begin < extent.end) {
      meter_.check();
      const auto wanted = std::min<std::uint64_t>(kPiece, static_cast<std::uint64_t>(extent.end - extent.begin));
      const std::uint64_t copied = in_kernel_ ? copy_in_kernel(extent.begin, wanted) : copy_by_buffer(extent.begin, wanted);
      if (copied == 0) continue;  // the kernel's way does not work here; the other one goes on
      // The disk writes while the next piece is read, so that the wait for it at the end is short.
      ::sync_file_range(files_.to, extent.begin, static_cast<off_t>(copied), SYNC_FILE_RANGE_WRITE);
      extent.begin += static_cast<off_t>(copied);
      meter_.done += copied;
    }
  }

  /// 0 when this file system cannot.
  std::uint64_t copy_in_kernel(off_t at, std::uint64_t wanted) {
    off_t from = at;
    off_t to = at;
    const ssize_t copied = ::copy_file_range(files_.from, &from, files_.to, &to, wanted, 0);
    if (copied > 0) return static_cast<std::uint64_t>(copied);
    if (copied < 0 && errno == EINTR) return 0;
    if (copied < 0 && !cannot(errno)) throw failed(files_, errno);
    // Also on "nothing copied": some file systems say so where they mean that they cannot.
    in_kernel_ = false;
    return 0;
  }

  std::uint64_t copy_by_buffer(off_t at, std::uint64_t wanted) {
    buffer_.resize(kBuffer);
    const ssize_t got = ::pread(files_.from, buffer_.data(), std::min<std::uint64_t>(wanted, kBuffer), at);
    if (got < 0 && errno == EINTR) return 0;
    if (got < 0) throw failed(files_, errno);
    if (got == 0) {
      throw Error(ErrorKind::conflict, "volume.changed",
                  fmt::format("{} has become shorter while it was copied.", text::printable(files_.name)),
                  "Something else writes to it; stop that and try again.");
    }
    const ssize_t put = ::pwrite(files_.to, buffer_.data(), static_cast<std::size_t>(got), at);
    if (put < 0 && errno == EINTR) return 0;
    if (put <= 0) throw failed(files_, put < 0 ? errno : ENOSPC);
    return static_cast<std::uint64_t>(put);
  }

  const FilePair& files_;
  Meter& meter_;
  bool in_kernel_ = true;
  std::vector<char> buffer_;
};

}  // namespace

bool share_content(const FilePair& files) {
  if (::ioctl(files.to, FICLONE, files.from) == 0) return true;
  if (cannot(errno)) return false;
  throw failed(files, errno);
}

void copy_content(const FilePair& files, Meter& meter) { ContentCopy(files, meter).run(); }

void copy_small_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  const os::Fd source = os::open_file(from, O_RDONLY | O_NOFOLLOW);
  const os::Fd target = os::open_file(to, O_RDWR | O_CREAT | O_EXCL);
  const FilePair files{source.get(), target.get(), from.native()};
  Meter meter;
  if (!share_content(files)) copy_content(files, meter);
  if (::fsync(target.get()) != 0) throw failed(files, errno);
}

}  // namespace visor::storage
