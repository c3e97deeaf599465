#include "storage/copy_volume.h"

#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "loop/process.h"
#include "os/file.h"
#include "storage/cancelled.h"
#include "storage/copy_file.h"
#include "storage/metered.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/temporary_file.h"

namespace visor::storage {
namespace {

constexpr mode_t kCopyMode = 0600;
constexpr mode_t kExportMode = 0400;
/// What metadata may add to the data of a disk.
constexpr Bytes kFlattenMargin = 64_MiB;

using Layers = std::vector<Storage::Layer>;

/// How many layers, from the top, lie where the top one does.
std::size_t own_layers(const Layers& layers) {
  const auto end = std::find_if(layers.begin(), layers.end(), [&layers](const Storage::Layer& layer) {
    return layer.path.parent_path() != layers.front().path.parent_path();
  });
  return static_cast<std::size_t>(std::distance(layers.begin(), end));
}

Bytes allocated(const Layers& layers, std::size_t count) {
  Bytes sum;
  for (std::size_t i = 0; i < count; ++i) sum.count += os::allocated_size(layers[i].path).count;
  return sum;
}

/// The open files of a chain, as qemu-img gets them.
struct OpenChain {
  std::vector<SourceFile> files;
  OpenDisk disk;
};

OpenChain open_chain(const Layers& layers) {
  OpenChain chain;
  for (const Storage::Layer& layer : layers) {
    chain.files.push_back(open_source(layer.path, layer.path.native()));
    OpenDisk disk{chain.files.back().fd.get(), layer.path.native(), layer.format};
    if (chain.files.size() == 1) {
      chain.disk = std::move(disk);
    } else {
      chain.disk.below.push_back(std::move(disk));
    }
  }
  return chain;
}

Awaitable<CopyWay> copy_one(std::filesystem::path from, std::filesystem::path to, std::function<void(Bytes)> report) {
  const SourceFile source = open_source(from, from.native());
  const os::Fd target = os::open_file(to, O_RDWR | O_CREAT | O_EXCL);
  const FilePair files{source.fd.get(), target.get(), source.name};
  CopyWay way = CopyWay::shared;
  std::function<void(Meter&)> work = [&](Meter& meter) {
    if (share_content(files)) return;
    way = CopyWay::copied;
    copy_content(files, meter);
  };
  co_await run_metered("copy", work, [&report](const Meter& meter) { report({meter.done}); });
  require_unchanged(source);
  co_return way;
}

/// Takes the content of the layers 1 to `own` into `file`, a copy of the top one, which then stands on what they stood on.
Awaitable<> flatten(std::filesystem::path file, Layers layers, std::size_t own, std::function<void(Bytes)> report) {
  const auto link = [&layers](std::size_t number) { return BackingLink{layers[number].path.native(), layers[number].format}; };
  const Bytes top = allocated(layers, 1);
  const Bytes all = allocated(layers, own);
  co_await qemu_img_relink(file, link(1));
  Rebase rebase{.volume = file, .reads = {}, .size = all};
  if (own < layers.size()) {
    rebase.base = layers[own].path;
    rebase.base_format = layers[own].format;
  }
  for (std::size_t i = 1; i < layers.size(); ++i) rebase.reads.push_back(layers[i].path);
  std::function<void(double)> progress = [&](double fraction) {
    report({top.count + static_cast<std::uint64_t>(fraction * static_cast<double>(all.count - top.count))});
  };
  rebase.limit = Bytes{static_cast<std::uint64_t>(std::filesystem::file_size(file)) + all.count + kFlattenMargin.count};
  co_await qemu_img_rebase(std::move(rebase), progress);
  if (own == layers.size()) co_return;
  // Relative to where the file will lie, as in every volume: it stays right when the state directory moves.
  const std::filesystem::path name = "." / layers[own].path.lexically_relative(layers.front().path.parent_path());
  co_await qemu_img_relink(file, BackingLink{name.native(), layers[own].format});
}

Awaitable<CopyWay> do_copy(Storage& storage, VolumeCopy copy, std::function<void(Bytes)> report) {
  const Layers layers = co_await storage.chain(copy.from, copy.format);
  const std::size_t own = own_layers(layers);
  TemporaryFile file(copy.to);
  const CopyWay way = co_await copy_one(layers.front().path, file.path(), report);
  if (own > 1) co_await flatten(file.path(), layers, own, report);
  report(allocated(layers, own));
  std::function<void()> publish = [&file] { file.publish(kCopyMode); };
  co_await loop::run_blocking(publish);
  co_return own > 1 ? CopyWay::copied : way;
}

Awaitable<Bytes> do_export(Storage& storage, ImageExport wanted, Progress progress) {
  const Layers layers = co_await storage.chain(wanted.disk, wanted.format);
  const OpenChain chain = open_chain(layers);
  Bytes size;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    // Each alone: to look at a disk qemu-img does not take what it stands on.
    const OpenDisk layer{chain.files[i].fd.get(), chain.files[i].name, layers[i].format};
    co_await qemu_img_check(layer);
    if (i == 0) size = co_await qemu_img_virtual_size(layer);
  }
  const Bytes needed = co_await qemu_img_required(chain.disk);
  Storage::require_space(wanted.target.parent_path(), needed);
  TemporaryFile file(wanted.target);
  NewDisk target{.path = file.path(), .size = size, .compressed = wanted.compress};
  std::function<void(double)> converting = [&progress, size, rate = RateText()](double fraction) mutable {
    const auto done = static_cast<std::uint64_t>(fraction * static_cast<double>(size.count));
    progress(fraction, rate.text(done, size.count));
  };
  co_await qemu_img_convert(chain.disk, target, {needed.count + kFlattenMargin.count}, converting);
  for (const SourceFile& source : chain.files) require_unchanged(source);
  std::function<void()> publish = [&file] { file.publish(kExportMode); };
  co_await loop::run_blocking(publish);
  co_return size;
}

}  // namespace

Awaitable<Bytes> bytes_to_copy(Storage& storage, std::filesystem::path volume, model::DiskFormat format) {
  const Layers layers = co_await storage.chain(std::move(volume), format);
  co_return allocated(layers, own_layers(layers));
}

Awaitable<bool> can_share(std::filesystem::path volume) {
  const SourceFile source = open_source(volume, volume.native());
  TemporaryFile probe(volume.native() + ".probe");
  const os::Fd target = os::open_file(probe.path(), O_RDWR | O_CREAT | O_EXCL);
  bool shared = false;
  std::function<void()> work = [&] { shared = share_content({source.fd.get(), target.get(), source.name}); };
  co_await loop::run_blocking(work);
  co_return shared;
}

Awaitable<CopyWay> copy_volume(Storage& storage, VolumeCopy copy, std::function<void(Bytes)> report) {
  co_return co_await with_cancel_error(do_copy(storage, std::move(copy), std::move(report)));
}

Awaitable<Bytes> export_image(Storage& storage, ImageExport wanted, Progress progress) {
  co_return co_await with_cancel_error(do_export(storage, std::move(wanted), std::move(progress)));
}

}  // namespace visor::storage
