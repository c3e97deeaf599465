#include "os/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/id.h"

namespace visor::os {
namespace {

std::string read_up_to(int fd, std::size_t limit, const std::filesystem::path& path) {
  std::string content;
  std::array<char, 16384> buffer;
  while (content.size() < limit) {
    const ssize_t got = ::read(fd, buffer.data(), std::min(buffer.size(), limit - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(fmt::format("read {}", path.native()), errno);
    if (got == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return content;
}

void sync_directory(const std::filesystem::path& path) {
  const Fd directory = open_file(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  ::fsync(directory.get());
}

}  // namespace

Fd open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) throw system_error(fmt::format("open {}", path.native()), errno);
  return fd;
}

std::string read_file(const std::filesystem::path& path, Bytes limit) {
  const Fd fd = open_file(path, O_RDONLY);
  std::string content = read_up_to(fd.get(), limit.count + 1, path);
  if (content.size() > limit.count) {
    throw Error(ErrorKind::too_large, "host.file_too_large",
                fmt::format("{} is larger than {}.", path.native(), format_bytes(limit)));
  }
  return content;
}

std::optional<std::string> read_file_if_any(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  try {
    return read_up_to(fd.get(), std::size_t{1} << 20U, path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string read_tail(const std::filesystem::path& path, Bytes limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  const off_t start = std::max<off_t>(0, size - static_cast<off_t>(limit.count));
  if (::lseek(fd.get(), start, SEEK_SET) < 0) return {};
  return read_up_to(fd.get(), limit.count, path);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw system_error("write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::string read_at(int fd, std::uint64_t offset, Bytes limit) {
  std::string content(limit.count, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::pread(fd, content.data() + size, content.size() - size, static_cast<off_t>(offset + size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

void write_at(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw system_error("write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
}

std::optional<Bytes> regular_size(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw system_error("fstat", errno);
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return Bytes{static_cast<std::uint64_t>(info.st_size)};
}

void replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode, Durable durable) {
  const std::filesystem::path temporary = path.native() + "." + make_secret(6) + ".tmp";
  try {
    const Fd fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (::fchmod(fd.get(), mode) != 0) throw system_error(fmt::format("chmod {}", temporary.native()), errno);
    write_all(fd.get(), content);
    if (durable == Durable::yes && ::fsync(fd.get()) != 0) throw system_error(fmt::format("fsync {}", temporary.native()), errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw system_error(fmt::format("rename to {}", path.native()), errno);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (durable == Durable::yes) sync_directory(path.parent_path());
}

void make_directories(const std::filesystem::path& path, mode_t mode) {
  if (path.has_parent_path() && path.parent_path() != path && !std::filesystem::exists(path.parent_path())) {
    make_directories(path.parent_path(), mode);
  }
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno != EEXIST) throw system_error(fmt::format("create directory {}", path.native()), errno);
    return;
  }
  if (::chmod(path.c_str(), mode) != 0) throw system_error(fmt::format("chmod {}", path.native()), errno);
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) throw system_error(fmt::format("delete {}", path.native()), error.value());
}

Space file_system_space(const std::filesystem::path& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) throw system_error(fmt::format("statvfs {}", path.native()), errno);
  return {{info.f_blocks * info.f_frsize}, {info.f_bavail * info.f_frsize}};
}

Bytes allocated_size(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw system_error(fmt::format("stat {}", path.native()), errno);
  return {static_cast<std::uint64_t>(info.st_blocks) * 512};
}

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  Fd fd = open_file(path, O_RDWR | O_CREAT);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw system_error(fmt::format("lock {}", path.native()), errno);
}

}  // namespace visor::os
