#include "qemu/disk_chains.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "qemu/disk_devices.h"
#include "qemu/disk_files.h"
#include "qmp/commands.h"

namespace visor::qemu {
namespace {

/// By which the descriptor sets of disks that were added are known.
constexpr const char* kLabel = "added-disk";

/// Whether a node belongs to a disk: "disk1-0", "added0-1-file".
bool is_of_disk(const std::string& node) {
  const std::string prefix = chain_prefix(node);
  const std::size_t digits = prefix.find_first_of("0123456789");
  const std::string word = prefix.substr(0, digits);
  return digits != std::string::npos && (word == "disk" || word == "added");
}

/// A prefix that no node has.
Awaitable<std::string> free_prefix(qmp::Client& client) {
  const std::vector<qmp::BlockNode> nodes = co_await qmp::query_named_block_nodes(client);
  for (std::size_t number = 0;; ++number) {
    std::string prefix = fmt::format("added{}", number);
    const bool taken =
        std::any_of(nodes.begin(), nodes.end(), [&](const qmp::BlockNode& node) { return node.name.starts_with(prefix + "-"); });
    if (!taken) co_return prefix;
  }
}

/// QEMU may have let go of a set by itself, with the last node that used it (monitor/fds.c, monitor_fdset_cleanup).
Awaitable<> forget_set(qmp::Client& client, std::int64_t set) {
  try {
    co_await qmp::remove_fd(client, set);
  } catch (const Error& error) {
    if (error.code() != "qemu.generic_error") throw;
    log::debug("descriptor set {}: {}", set, error.what());
  }
}

/// Sets whose nodes were never made.
Awaitable<> remove_stale_sets(qmp::Client& client) {
  std::set<std::int64_t> used;
  for (const qmp::BlockNode& node : co_await qmp::query_named_block_nodes(client)) {
    if (const auto set = node.descriptor_set()) used.insert(*set);
  }
  for (const qmp::DescriptorSet& set : co_await qmp::query_fdsets(client)) {
    const bool ours = std::find(set.labels.begin(), set.labels.end(), kLabel) != set.labels.end();
    if (ours && !used.contains(set.number)) co_await forget_set(client, set.number);
  }
}

}  // namespace

Awaitable<std::optional<qmp::BlockDevice>> find_device(qmp::Client& client, std::string id) {
  for (qmp::BlockDevice& device : co_await qmp::query_block(client)) {
    if (device.is(id)) co_return std::move(device);
  }
  co_return std::nullopt;
}

std::string chain_prefix(const std::string& node) { return node.substr(0, node.find('-') + 1); }

Awaitable<> remove_chain(qmp::Client& client, std::string prefix) {
  for (bool progress = true; progress;) {
    progress = false;
    bool left = false;
    for (const qmp::BlockNode& node : co_await qmp::query_named_block_nodes(client)) {
      if (!node.name.starts_with(prefix)) continue;
      bool gone = true;
      try {
        co_await qmp::blockdev_del(client, node.name);
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        gone = false;
      }
      if (gone) {
        if (const auto set = node.descriptor_set()) co_await forget_set(client, *set);
      }
      progress = progress || gone;
      left = left || !gone;
    }
    if (left && !progress) log::debug("block nodes {}* stay open", prefix);
    if (!left) co_return;
  }
}

Awaitable<std::string> add_chain(qmp::Client& client, model::Disk disk, std::vector<hypervisor::DiskLayer> layers) {
  const std::string prefix = co_await free_prefix(client);
  const bool may_write = disk.device == model::DiskDevice::disk && !disk.read_only;
  PlannedDisk planned{disk.id, {}};
  std::vector<std::int64_t> sets;
  std::exception_ptr failure;
  try {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      PlannedFile file;
      file.path = layers[i].path;
      file.writable = may_write && i == 0;
      file.disk_id = disk.id;
      const os::Fd fd = open_planned(file);
      file.set = static_cast<int>(co_await qmp::add_fd(client, fd, kLabel));
      sets.push_back(file.set);
      planned.layers.push_back(std::move(file));
    }
    for (boost::json::object& node : chain_nodes(prefix, planned, layers, disk))
      co_await qmp::blockdev_add(client, std::move(node));
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return prefix + "-0";
  co_await remove_chain(client, prefix + "-");
  for (const std::int64_t set : sets) co_await forget_set(client, set);
  std::rethrow_exception(failure);
}

Awaitable<> remove_stale_chains(qmp::Client& client) {
  std::set<std::string> used;
  for (const qmp::BlockDevice& device : co_await qmp::query_block(client)) used.insert(chain_prefix(device.node));
  std::set<std::string> stale;
  for (const qmp::BlockNode& node : co_await qmp::query_named_block_nodes(client)) {
    if (is_of_disk(node.name) && !used.contains(chain_prefix(node.name))) stale.insert(chain_prefix(node.name));
  }
  for (const std::string& prefix : stale) co_await remove_chain(client, prefix);
  co_await remove_stale_sets(client);
}

}  // namespace visor::qemu
