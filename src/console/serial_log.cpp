#include "console/serial_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::console {
namespace {

/// The log and its size; an empty Fd when it is not what it should be.
os::Fd open_log(const std::filesystem::path& log, int flags, std::uint64_t& size) {
  // Not blocking, because opening a FIFO would wait for its other end.
  os::Fd fd(::open(log.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) return {};
  size = static_cast<std::uint64_t>(status.st_size);
  return fd;
}

std::string read_range(int fd, std::uint64_t begin, std::uint64_t end) {
  std::string bytes(end - begin, '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t piece = ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(begin + got));
    if (piece < 0 && errno == EINTR) continue;
    if (piece <= 0) break;
    got += static_cast<std::size_t>(piece);
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace

LogTail read_log_tail(const std::filesystem::path& log, std::uint64_t from, Bytes limit) {
  std::uint64_t size = 0;
  const os::Fd fd = open_log(log, O_RDONLY, size);
  if (!fd) return {};
  const std::uint64_t begin = std::max(from, size > limit.count ? size - limit.count : 0);
  if (begin >= size) return {{}, size};
  return {read_range(fd.get(), begin, size), size};
}

std::uint64_t trim_log(const std::filesystem::path& log, Bytes keep) {
  std::uint64_t size = 0;
  const os::Fd fd = open_log(log, O_RDWR | O_APPEND, size);
  if (!fd || size <= keep.count) return size;
  const std::string tail = read_range(fd.get(), size - keep.count, size);
  if (::ftruncate(fd.get(), 0) != 0) throw system_error("cut " + log.string(), errno);
  os::write_all(fd.get(), tail);
  return tail.size();
}

}  // namespace visor::console
