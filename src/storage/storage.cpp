#include "storage/storage.h"

#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "os/file.h"
#include "storage/cancelled.h"
#include "storage/image_probe.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/temporary_file.h"
#include "storage/volume_rules.h"

namespace visor::storage {
namespace {

using model::DiskFormat;

constexpr std::size_t kMaxLayers = 64;
constexpr mode_t kVolumeMode = 0600;
/// What an empty qcow2 file and the directory entries around it need.
constexpr Bytes kMetadata = 1_MiB;

}  // namespace

Storage::Storage(std::filesystem::path images, std::filesystem::path volumes)
    : images_(real_path(images)), volumes_(real_path(volumes)) {}

Storage::~Storage() = default;

void Storage::remove_leftovers() {
  TemporaryFile::remove_leftovers(images_);
  TemporaryFile::remove_leftovers(volumes_);
}

bool Storage::owns(const std::filesystem::path& path) const { return lies_below(path, images_) || lies_below(path, volumes_); }

std::filesystem::path Storage::resolve_backing(const std::filesystem::path& of, const std::string& backing) const {
  // QEMU takes what has a colon before the first slash for a protocol ("nbd:", "json:"), so this must never be taken for a path.
  const std::size_t mark = backing.find_first_of(":/");
  if (mark != std::string::npos && backing[mark] == ':') throw has_backing_file(of.native(), backing);
  std::error_code error;
  std::filesystem::path path = std::filesystem::canonical(of.parent_path() / backing, error);
  if (error == std::errc::no_such_file_or_directory) {
    throw Error(ErrorKind::not_found, "image.source_not_found",
                fmt::format("{} needs {}, which is not there.", text::printable(of.native()), text::printable(backing)),
                "Put that file back; without it the data of this disk is lost.");
  }
  if (error) throw system_error(fmt::format("find {}", text::printable(backing)), error.value());
  if (!owns(path)) throw outside(path);
  return path;
}

Awaitable<DiskFileInfo> Storage::inspect(std::filesystem::path file, std::optional<DiskFormat> format) {
  co_return co_await with_cancel_error(look_at(std::move(file), format));
}

Awaitable<DiskFileInfo> Storage::look_at(std::filesystem::path file, std::optional<DiskFormat> format) {
  const SourceFile source = open_source(file, file.native());
  const ProbedImage probed = probe_image(FileBytes(source.fd.get(), source.name), source.name, format);
  DiskFileInfo info;
  info.format = probed.format;
  info.backing_file = probed.backing_file;
  if (probed.backing_file) {
    const std::filesystem::path real = real_path(file);
    if (!owns(real)) throw has_backing_file(source.name, *probed.backing_file);
    info.backing_file = resolve_backing(real, *probed.backing_file).native();
  }
  const OpenDisk disk{source.fd.get(), source.name, probed.format};
  info.virtual_size = co_await qemu_img_virtual_size(disk);
  co_await qemu_img_check(disk);
  info.file_size = os::allocated_size(fmt::format("/proc/self/fd/{}", source.fd.get()));
  co_return info;
}

void Storage::require_volume_path(const std::filesystem::path& volume) const {
  const std::string name = volume.filename().native();
  const bool plain = volume.is_absolute() && !name.empty() && name != "." && name != ".." && name.find('\0') == std::string::npos;
  if (!plain) {
    throw Error(ErrorKind::invalid, "volume.bad_name",
                fmt::format("'{}' is no name for a volume.", text::printable(volume.native())));
  }
  if (!owns(real_path(volume.parent_path()) / name)) throw outside(volume);
}

Awaitable<> Storage::make_volume(std::filesystem::path volume, NewDisk disk) {
  require_space(volume.parent_path(), kMetadata);
  TemporaryFile file(volume);
  disk.path = file.path();
  co_await blank_disks_.create(disk);
  std::function<void()> publish = [&file] { file.publish(kVolumeMode); };
  co_await loop::run_blocking(publish);
}

Awaitable<> Storage::create_empty(std::filesystem::path volume, DiskFormat format, Bytes size) {
  require_volume_path(volume);
  if (format != DiskFormat::qcow2 && format != DiskFormat::raw) {
    throw Error(ErrorKind::invalid, "volume.bad_format",
                fmt::format("Volumes are qcow2 or raw, not {}.", json::enum_name(format)));
  }
  require_size(size);
  co_await with_cancel_error(make_volume(std::move(volume), {.format = format, .size = size}));
}

Awaitable<Bytes> Storage::virtual_size(std::filesystem::path volume, DiskFormat format) {
  const SourceFile file = open_source(volume, volume.native());
  co_return co_await qemu_img_virtual_size({file.fd.get(), file.name, format});
}

Awaitable<> Storage::grow(std::filesystem::path volume, DiskFormat format, Bytes size) {
  require_volume_path(volume);
  require_size(size);
  const Bytes now = co_await virtual_size(volume, format);
  if (size < now) {
    throw Error(ErrorKind::invalid, "volume.would_shrink",
                fmt::format("The disk has {}; it cannot be made smaller.", format_bytes(now)),
                "What the guest has beyond the new end would be lost. Make a smaller disk and copy the data over.");
  }
  if (size == now) co_return;
  require_space(volume.parent_path(), kMetadata);
  const os::Fd file = os::open_file(real_path(volume), O_RDWR);
  co_await with_cancel_error(qemu_img_resize({file.get(), volume.native(), format}, size));
}

// The headers are read right on the loop: a few KiB of local files take some 20 us, less than the way to the pool and back, and a
// pool that is busy with imports must not delay a machine's start.
Awaitable<std::vector<Storage::Layer>> Storage::chain(std::filesystem::path top, DiskFormat format) {
  std::vector<Layer> layers;
  SourceFile file = open_source(top, top.native());
  Layer layer{real_path(top), format};
  for (;;) {
    layers.push_back(layer);
    // A raw layer has no header, and what stands at its beginning was written by a guest.
    if (layer.format == DiskFormat::raw) co_return layers;
    const FileBytes bytes(file.fd.get(), layer.path.native());
    const ProbedImage probed = probe_image(bytes, layer.path.native(), layer.format);
    if (!probed.backing_file) co_return layers;
    if (layers.size() >= kMaxLayers) {
      throw Error(ErrorKind::invalid, "image.chain_too_long",
                  fmt::format("{} has more than {} layers, or they form a circle.", text::printable(top.native()), kMaxLayers));
    }
    const std::filesystem::path next = resolve_backing(layer.path, *probed.backing_file);
    const auto known = probed.backing_format ? json::enum_from_name<DiskFormat>(*probed.backing_format) : std::nullopt;
    if (known != DiskFormat::qcow2 && known != DiskFormat::raw) {
      throw Error(ErrorKind::invalid, "image.backing_format",
                  fmt::format("{} does not say that {} is qcow2 or raw.", text::printable(layer.path.native()),
                              text::printable(next.native())),
                  "Write it down with `qemu-img rebase -u -F FORMAT -b BASE FILE`.");
    }
    layer = {next, *known};
    file = open_source(next, next.native());
  }
}

void Storage::require_space(const std::filesystem::path& directory, Bytes needed) {
  const Bytes free = os::file_system_space(directory).free;
  if (free >= needed) return;
  throw Error(ErrorKind::no_space, "host.no_space",
              fmt::format("{} are needed below {}, {} are free.", format_bytes(needed), directory.native(), format_bytes(free)),
              "Free some space on that file system and try again.");
}

}  // namespace visor::storage
