#include "storage/write_disk.h"

#include <boost/asio/awaitable.hpp>

#include <utility>

#include "loop/process.h"
#include "storage/cancelled.h"
#include "storage/chain_files.h"
#include "storage/metered.h"
#include "storage/qemu_img.h"
#include "storage/temporary_file.h"

namespace visor::storage {
namespace {

/// What metadata may add to the data of a disk.
constexpr Bytes kMargin = 64_MiB;

/// The size that a guest sees; throws when a layer is damaged, since what is read of it then may be anything.
Awaitable<Bytes> check_layers(const OpenChain& chain) {
  for (std::size_t i = 0; i < chain.files.size(); ++i) co_await qemu_img_check(chain.layer(i));
  co_return co_await qemu_img_virtual_size(chain.layer(0));
}

Awaitable<Bytes> do_write(Storage& storage, DiskWrite wanted, Progress progress) {
  const Layers layers = co_await storage.chain(wanted.disk, wanted.format);
  const OpenChain chain = open_chain(layers);
  const Bytes size = co_await check_layers(chain);
  const bool on_base = wanted.keep_base && layers.size() > 1;
  const Bytes needed = on_base ? allocated(layers, 1) : co_await qemu_img_required(chain.disk);
  Storage::require_space(wanted.target.parent_path(), needed);
  TemporaryFile file(wanted.target);
  NewDisk target{.path = file.path(), .format = wanted.target_format, .size = size, .compressed = wanted.compress};
  if (on_base) {
    target.backing = layers[1].path;
    target.backing_format = layers[1].format;
  }
  std::function<void(double)> converting = [&progress, size, rate = RateText()](double fraction) mutable {
    const auto done = static_cast<std::uint64_t>(fraction * static_cast<double>(size.count));
    progress(fraction, rate.text(done, size.count));
  };
  const Bytes longest = wanted.target_format == model::DiskFormat::raw ? size : needed;
  co_await qemu_img_convert(chain.disk, target, {longest.count + kMargin.count}, converting);
  if (on_base) {
    co_await qemu_img_relink(file.path(), BackingLink{backing_name(wanted.target, layers[1].path).native(), layers[1].format});
  }
  for (const SourceFile& source : chain.files) require_unchanged(source);
  std::function<void()> publish = [&file, &wanted] { file.publish(wanted.mode); };
  co_await loop::run_blocking(publish);
  co_return size;
}

}  // namespace

Awaitable<Bytes> write_disk(Storage& storage, DiskWrite wanted, Progress progress) {
  co_return co_await with_cancel_error(do_write(storage, std::move(wanted), std::move(progress)));
}

}  // namespace visor::storage
