#include "storage/volume_check.h"

#include <boost/asio/awaitable.hpp>

#include <utility>

#include "storage/cancelled.h"
#include "storage/chain_files.h"
#include "storage/qemu_img.h"

namespace visor::storage {
namespace {

Awaitable<CheckReport> repair_layer(const Layers& layers, std::size_t number) {
  std::vector<std::filesystem::path> reads;
  for (std::size_t i = number + 1; i < layers.size(); ++i) reads.push_back(layers[i].path);
  return qemu_img_repair(layers[number].path, layers[number].format, std::move(reads), Repair::all);
}

Awaitable<CheckReport> look_at_layer(Storage::Layer layer) {
  const OpenChain alone = open_chain({std::move(layer)});
  co_return co_await qemu_img_report(alone.disk);
}

Awaitable<model::DiskCheck> do_check(Storage& storage, std::filesystem::path disk, model::DiskFormat format, bool repair) {
  const Layers layers = co_await storage.chain(std::move(disk), format);
  const std::size_t own = own_layers(layers);
  model::DiskCheck result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool mend = repair && i < own && layers[i].format != model::DiskFormat::raw;
    const CheckReport report = mend ? co_await repair_layer(layers, i) : co_await look_at_layer(layers[i]);
    result.files += report.has_tables ? 1 : 0;
    result.errors += report.errors;
    result.leaks += report.leaks;
    result.repaired_errors += report.repaired_errors;
    result.repaired_leaks += report.repaired_leaks;
  }
  co_return result;
}

}  // namespace

Awaitable<model::DiskCheck> check_volume(Storage& storage, std::filesystem::path disk, model::DiskFormat format, bool repair) {
  co_return co_await with_cancel_error(do_check(storage, std::move(disk), format, repair));
}

}  // namespace visor::storage
