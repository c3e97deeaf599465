#include "storage/copy_volume.h"

#include <boost/asio/awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "loop/process.h"
#include "os/file.h"
#include "storage/cancelled.h"
#include "storage/chain_files.h"
#include "storage/copy_file.h"
#include "storage/metered.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/temporary_file.h"

namespace visor::storage {
namespace {

constexpr mode_t kCopyMode = 0600;
/// What metadata may add to the data of a disk.
constexpr Bytes kFlattenMargin = 64_MiB;

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
  Rebase rebase{.volume = file, .reads = {}, .size = all, .disposable = true};
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
  // Relative to where the file will lie.
  const std::filesystem::path name = backing_name(layers.front().path, layers[own].path);
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

}  // namespace visor::storage
