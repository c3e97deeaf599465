#include "storage/blank_disks.h"

#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>

#include "base/error.h"
#include "loop/process.h"
#include "os/fd.h"
#include "os/file.h"

namespace visor::storage {
namespace {

/// An empty qcow2 file of 10 GiB has 192 KiB, one of 1 TiB 256 KiB.
constexpr std::size_t kLargestKept = std::size_t{1} << 20U;
constexpr std::size_t kMostKept = 16;
constexpr std::size_t kHoleSize = 4096;

/// Blocks of zeros stay holes, as qemu-img leaves them.
void write_sparse(const std::filesystem::path& path, const std::string& bytes) {
  const os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  const std::string_view all(bytes);
  for (std::size_t at = 0; at < all.size(); at += kHoleSize) {
    const std::string_view block = all.substr(at, kHoleSize);
    if (std::all_of(block.begin(), block.end(), [](char byte) { return byte == '\0'; })) continue;
    const ssize_t written = ::pwrite(file.get(), block.data(), block.size(), static_cast<off_t>(at));
    if (written != static_cast<ssize_t>(block.size())) {
      throw system_error(fmt::format("write {}", path.native()), written < 0 ? errno : ENOSPC);
    }
  }
  if (::ftruncate(file.get(), static_cast<off_t>(all.size())) != 0)
    throw system_error(fmt::format("write {}", path.native()), errno);
}

}  // namespace

Awaitable<> BlankDisks::create(NewDisk disk) {
  const Kind kind{disk.size, disk.backing, disk.backing_format};
  if (const auto found = known_.find(kind); found != known_.end() && disk.format == model::DiskFormat::qcow2) {
    // A copy: another disk may push the entry out meanwhile.
    const std::function<void()> write = [path = disk.path, bytes = found->second] { write_sparse(path, bytes); };
    co_await loop::run_blocking(write);
    co_return;
  }
  co_await qemu_img_create(disk);
  std::error_code error;
  if (disk.format != model::DiskFormat::qcow2 || std::filesystem::file_size(disk.path, error) > kLargestKept || error) co_return;
  if (known_.size() >= kMostKept) known_.clear();
  known_[kind] = os::read_file(disk.path);
}

}  // namespace visor::storage
