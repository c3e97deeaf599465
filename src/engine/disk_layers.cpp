#include "engine/disk_layers.h"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/disk_rules.h"

namespace visor::engine {

Awaitable<std::vector<hypervisor::ResolvedDisk>> resolve_disks(Context& context, std::vector<model::Disk> disks) {
  std::vector<hypervisor::ResolvedDisk> all;
  for (const model::Disk& disk : disks) {
    hypervisor::ResolvedDisk resolved{disk.id, {}};
    const std::filesystem::path top = file_of(context, disk);
    if (!top.empty()) {
      for (const storage::Storage::Layer& layer : co_await context.storage.chain(top, disk.format)) {
        resolved.layers.push_back({layer.path, layer.format});
      }
    }
    all.push_back(std::move(resolved));
  }
  co_return all;
}

std::vector<model::Disk> new_disks(const model::MachineSpec& running, const model::MachineSpec& wanted) {
  std::vector<model::Disk> list;
  for (const model::Disk& disk : wanted.disks) {
    const bool known = std::any_of(running.disks.begin(), running.disks.end(), [&](const model::Disk& other) {
      return other.id == disk.id && other.file == disk.file && other.volume == disk.volume;
    });
    if (!known) list.push_back(disk);
  }
  return list;
}

}  // namespace visor::engine
