// Volumes on top of others: how they are made, looked at, and freed of what stands below them.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "storage/byte_source.h"
#include "storage/cancelled.h"
#include "storage/chain_files.h"
#include "storage/image_probe.h"
#include "storage/qcow2_header.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/storage.h"
#include "storage/volume_rules.h"

namespace visor::storage {
namespace {

using model::DiskFormat;

/// Where a header says how long its first table is and where (docs/interop/qcow2.txt): four and eight bytes.
constexpr std::uint64_t kTableLengthAt = 36;
constexpr std::uint64_t kTablePlaceAt = 40;
constexpr std::uint64_t kTableEntry = 8;
/// The first table of the largest disk of Visor (64 TiB) has 1 MiB with clusters of 64 KiB.
constexpr std::uint64_t kLongestTable = std::uint64_t{32} << 20U;

std::uint64_t number_at(const SourceFile& file, std::uint64_t offset, std::size_t width) {
  const std::string bytes = os::read_at(file.fd.get(), offset, Bytes{width});
  if (bytes.size() < width) throw truncated_image(file.name, "its header is not whole");
  return big_endian(bytes, 0, width);
}

Bytes base_size(const std::filesystem::path& base, DiskFormat format) {
  const SourceFile file = open_source(base, base.native());
  // A raw layer has no header, and what stands at its beginning was written by a guest.
  if (format == DiskFormat::raw) return Bytes{std::filesystem::file_size(base)};
  return read_qcow2_header(FileBytes(file.fd.get(), file.name), file.name).virtual_size;
}

}  // namespace

Awaitable<> Storage::create_overlay(std::filesystem::path volume, std::filesystem::path base, Bytes size,
                                    DiskFormat base_format) {
  require_volume_path(volume);
  const std::filesystem::path real = real_path(base);
  if (!owns(real)) throw outside(real);
  const Bytes least = base_size(real, base_format);
  if (size.count == 0) size = least;
  if (size < least) {
    throw Error(ErrorKind::invalid, "volume.too_small",
                fmt::format("A disk of {} is too small: its image has {}.", format_bytes(size), format_bytes(least)),
                fmt::format("Give at least {}.", format_bytes(least)));
  }
  require_size(size);
  NewDisk disk{.format = DiskFormat::qcow2, .size = size, .backing = backing_name(volume, real), .backing_format = base_format};
  co_await with_cancel_error(make_volume(std::move(volume), std::move(disk)));
}

Awaitable<> Storage::merge_below(std::filesystem::path volume, Progress progress) {
  require_volume_path(volume);
  const std::vector<Layer> layers = co_await chain(volume, DiskFormat::qcow2);
  if (layers.size() < 2) {
    throw Error(ErrorKind::conflict, "volume.no_base", fmt::format("{} stands on no other file.", volume.native()));
  }
  Rebase rebase{.volume = layers.front().path};
  for (auto layer = layers.begin() + 1; layer != layers.end(); ++layer) rebase.reads.push_back(layer->path);
  if (layers.size() > 2) {
    rebase.base = backing_name(layers[0].path, layers[2].path);
    rebase.base_format = layers[2].format;
  }
  rebase.size = base_size(layers[0].path, DiskFormat::qcow2);
  std::function<void(double)> report;
  if (progress) report = [&progress](double fraction) { progress(fraction, fmt::format("{:.0f} %", fraction * 100)); };
  // A merge that was cut off has taken clusters that nobody uses.
  const CheckReport found =
      co_await with_cancel_error(qemu_img_repair(rebase.volume, DiskFormat::qcow2, rebase.reads, Repair::leaks));
  if (found.errors > 0) throw damaged(volume.native());
  co_await with_cancel_error(qemu_img_rebase(std::move(rebase), std::move(report)));
}

Awaitable<bool> Storage::is_blank(std::filesystem::path volume) {
  const SourceFile file = open_source(volume, volume.native());
  read_qcow2_header(FileBytes(file.fd.get(), file.name), file.name);
  const std::uint64_t length = number_at(file, kTableLengthAt, 4) * kTableEntry;
  if (length > kLongestTable) throw not_an_image(file.name, "its first table is too long", "");
  const std::string table = os::read_at(file.fd.get(), number_at(file, kTablePlaceAt, 8), Bytes{length});
  co_return std::all_of(table.begin(), table.end(), [](char byte) { return byte == '\0'; });
}

}  // namespace visor::storage
