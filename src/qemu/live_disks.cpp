#include "qemu/live_disks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "model/validate_disks.h"
#include "qemu/argument_list.h"
#include "qemu/arguments.h"
#include "qemu/disk_chains.h"
#include "qemu/disk_devices.h"
#include "qmp/block_commands.h"
#include "qmp/commands.h"
#include "qmp/device_commands.h"

namespace visor::qemu {
namespace {

/// A guest that does not let go of a disk within this time does not want to.
constexpr std::chrono::seconds kReleaseTime{20};
constexpr std::chrono::milliseconds kReleasePause{250};
/// As above, for the tray of a CD drive.
constexpr std::chrono::seconds kTrayTime{5};

using Disks = std::vector<model::Disk>;

const model::Disk* find_disk(const Disks& disks, const std::string& id) {
  const auto found = std::find_if(disks.begin(), disks.end(), [&](const model::Disk& disk) { return disk.id == id; });
  return found == disks.end() ? nullptr : &*found;
}

bool has_scsi(const model::MachineSpec& spec) {
  const std::string chipset = resolve_chipset(spec);
  return std::any_of(spec.disks.begin(), spec.disks.end(),
                     [&](const model::Disk& disk) { return resolve_bus(disk, chipset) == model::DiskBus::scsi; });
}

/// Why one disk can neither be plugged in nor out.
std::optional<std::string> why_disk_waits(const model::MachineSpec& now, const model::Disk& disk, bool adding) {
  const model::DiskBus bus = resolve_bus(disk, resolve_chipset(now));
  if (!model::is_hot_pluggable(bus)) {
    return fmt::format("Drives on the bus {} are neither added nor removed while the machine runs; it applies at the next start.",
                       json::enum_name(bus));
  }
  if (adding && bus == model::DiskBus::scsi && !has_scsi(now)) {
    return "The machine was started without a SCSI controller; it applies at the next start.";
  }
  if (adding && disk.slot == 0) return "All slots for disks are taken; it applies at the next start.";
  return std::nullopt;
}

bool same_medium(const model::Disk& a, const model::Disk& b) { return a.file == b.file && a.volume == b.volume; }

bool medium_waits(const model::Disk& now, const model::Disk& wanted) {
  return now.device != model::DiskDevice::cdrom || wanted.device != model::DiskDevice::cdrom;
}

/// What has to be done, in this order.
struct DiskChanges {
  Disks remove;
  Disks media;
  Disks add;
  Disks limits;

  bool empty() const { return remove.empty() && media.empty() && add.empty() && limits.empty(); }
};

DiskChanges find_changes(const model::MachineSpec& now, const model::MachineSpec& wanted) {
  DiskChanges changes;
  for (const model::Disk& disk : now.disks) {
    const model::Disk* other = find_disk(wanted.disks, disk.id);
    if (other == nullptr) {
      if (!why_disk_waits(now, disk, false)) changes.remove.push_back(disk);
      continue;
    }
    if (!same_medium(disk, *other) && !medium_waits(disk, *other)) changes.media.push_back(*other);
    if (!same_limits(disk.limits, other->limits)) changes.limits.push_back(*other);
  }
  for (const model::Disk& disk : wanted.disks) {
    if (find_disk(now.disks, disk.id) == nullptr && !why_disk_waits(now, disk, true)) changes.add.push_back(disk);
  }
  return changes;
}

boost::json::object added_device(const model::Disk& disk, const model::MachineSpec& spec, const std::string& node) {
  const std::string chipset = resolve_chipset(spec);
  const model::DiskBus bus = resolve_bus(disk, chipset);
  boost::json::object device = disk_device(disk, bus, node);
  if (disk.boot_index >= 0 && spec.boot.kernel.empty()) device["bootindex"] = disk.boot_index;
  if (bus == model::DiskBus::scsi) {
    device["bus"] = fmt::format("{}.0", kScsiController);
    device["scsi-id"] = slot_target(disk.slot);
    return device;
  }
  if (bus == model::DiskBus::virtio && spec.cpu.io_threads > 0) {
    device["iothread"] = disk_thread_id(disk.slot % spec.cpu.io_threads);
  }
  place_in_slot(device, disk.slot, chipset != "i440fx");
  return device;
}

Awaitable<> add_disk(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::Disk disk,
                     std::vector<hypervisor::DiskLayer> layers) {
  // A daemon that was killed may have added it without writing it down.
  if (co_await find_device(*client, disk_device_id(disk.id))) {
    if (has_limits(disk.limits))
      co_await qmp::block_set_io_throttle(*client,
                                          throttle_arguments(disk, resolve_bus(disk, resolve_chipset(state->record.spec))));
    state->record.spec.disks.push_back(std::move(disk));
    co_return;
  }
  const std::string node = layers.empty() ? "" : co_await add_chain(*client, disk, std::move(layers));
  std::exception_ptr failure;
  try {
    co_await qmp::device_add(*client, added_device(disk, state->record.spec, node));
    if (has_limits(disk.limits))
      co_await qmp::block_set_io_throttle(*client,
                                          throttle_arguments(disk, resolve_bus(disk, resolve_chipset(state->record.spec))));
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    if (!node.empty()) co_await remove_chain(*client, chain_prefix(node));
    std::rethrow_exception(failure);
  }
  state->record.spec.disks.push_back(std::move(disk));
}

Error guest_kept_disk(const MachineState& state, const model::Disk& disk, const std::string& detail) {
  return {ErrorKind::conflict, "machine.guest_kept_disk",
          fmt::format("The guest of {} did not let go of the disk {}: {}", state.record.machine_name, disk.id, detail),
          "Unmount it in the guest first; or remove it while the machine is off."};
}

Awaitable<> remove_disk(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::Disk disk) {
  if (!(co_await qmp::query_status(*client)).running) {
    throw Error(ErrorKind::conflict, "machine.wrong_state", "A paused guest cannot let go of a disk.", "Resume it first.");
  }
  const std::string id = disk_device_id(disk.id);
  std::optional<qmp::BlockDevice> device = co_await find_device(*client, id);
  const std::string node = device ? device->node : "";
  if (device) {
    try {
      co_await qmp::device_del(*client, id);
    } catch (const Error& error) {
      // It was asked before and has not answered yet, or it is still booting.
      if (error.code() != "qemu.generic_error") throw;
      log::debug("{}: {}", id, error.what());
    }
  }
  const auto end = std::chrono::steady_clock::now() + kReleaseTime;
  while (device && std::chrono::steady_clock::now() < end) {
    co_await state->changed.wait(kReleasePause);
    device = co_await find_device(*client, id);
  }
  if (device) throw guest_kept_disk(*state, disk, fmt::format("nothing happened within {} s.", kReleaseTime.count()));
  // Which layers were those of a device that is gone already, because a daemon was killed here, QEMU does not say any more.
  if (node.empty()) {
    co_await remove_stale_chains(*client);
  } else {
    co_await remove_chain(*client, chain_prefix(node));
  }
  // Those behind it would have other places in a process that starts without it.
  if (disk.slot == 0) state->record.lacks_disk = true;
  std::erase_if(state->record.spec.disks, [&](const model::Disk& other) { return other.id == disk.id; });
}

/// Opens the tray of a drive whose guest may have locked it.
Awaitable<> open_tray(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, std::string id,
                      std::string name) {
  std::optional<Error> refused;
  try {
    co_await qmp::blockdev_open_tray(*client, id, false);
  } catch (const Error& error) {
    if (error.code() != "qemu.generic_error") throw;
    refused = error;
  }
  const auto end = std::chrono::steady_clock::now() + kTrayTime;
  for (;;) {
    const std::optional<qmp::BlockDevice> drive = co_await find_device(*client, id);
    if (!drive || drive->tray_open) co_return;
    if (std::chrono::steady_clock::now() > end) break;
    co_await state->changed.wait(kReleasePause);
  }
  throw Error(ErrorKind::conflict, "disk.tray_locked",
              fmt::format("The guest of {} uses the disc in {} and keeps the tray closed.", state->record.machine_name, name),
              "Unmount or eject it in the guest first.");
}

Awaitable<> change_medium(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::Disk wanted,
                          std::vector<hypervisor::DiskLayer> layers) {
  const std::string id = disk_device_id(wanted.id);
  // A new disc that cannot be opened leaves the old one where it is.
  const std::string node = layers.empty() ? "" : co_await add_chain(*client, wanted, std::move(layers));
  std::exception_ptr failure;
  try {
    co_await open_tray(state, client, id, wanted.id);
    const std::optional<qmp::BlockDevice> drive = co_await find_device(*client, id);
    if (drive && !drive->node.empty()) {
      co_await qmp::blockdev_remove_medium(*client, id);
      co_await remove_chain(*client, chain_prefix(drive->node));
    }
    if (!node.empty()) co_await qmp::blockdev_insert_medium(*client, id, node);
    co_await qmp::blockdev_close_tray(*client, id);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    if (!node.empty()) co_await remove_chain(*client, chain_prefix(node));
    std::rethrow_exception(failure);
  }
  for (model::Disk& disk : state->record.spec.disks) {
    if (disk.id != wanted.id) continue;
    disk.file = wanted.file;
    disk.volume = wanted.volume;
    disk.format = wanted.format;
  }
}

Awaitable<> change_limits(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::Disk wanted) {
  co_await qmp::block_set_io_throttle(*client,
                                      throttle_arguments(wanted, resolve_bus(wanted, resolve_chipset(state->record.spec))));
  for (model::Disk& disk : state->record.spec.disks) {
    if (disk.id == wanted.id) disk.limits = wanted.limits;
  }
}

std::vector<hypervisor::DiskLayer> files_of(const std::vector<hypervisor::ResolvedDisk>& files, const model::Disk& disk) {
  for (const hypervisor::ResolvedDisk& resolved : files) {
    if (resolved.disk_id == disk.id) return resolved.layers;
  }
  return {};
}

}  // namespace

std::optional<std::string> why_disks_wait(const model::MachineSpec& now, const model::MachineSpec& wanted) {
  for (const model::Disk& disk : now.disks) {
    if (find_disk(wanted.disks, disk.id) != nullptr) continue;
    if (auto why = why_disk_waits(now, disk, false)) return why;
  }
  for (const model::Disk& disk : wanted.disks) {
    if (find_disk(now.disks, disk.id) != nullptr) continue;
    if (auto why = why_disk_waits(now, disk, true)) return why;
  }
  return std::nullopt;
}

std::optional<std::string> why_media_wait(const model::MachineSpec& now, const model::MachineSpec& wanted) {
  for (const model::Disk& disk : now.disks) {
    const model::Disk* other = find_disk(wanted.disks, disk.id);
    if (other == nullptr || same_medium(disk, *other) || !medium_waits(disk, *other)) continue;
    return "Another file of a disk applies at the next start; only CD drives change their medium while the machine runs.";
  }
  return std::nullopt;
}

bool has_disks(const model::MachineSpec& now, const model::MachineSpec& wanted) { return find_changes(now, wanted).empty(); }

Awaitable<> change_disks(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::MachineSpec wanted,
                         std::vector<hypervisor::ResolvedDisk> files) {
  const DiskChanges changes = find_changes(state->record.spec, wanted);
  if (changes.empty()) co_return;
  for (const model::Disk& disk : changes.remove) co_await remove_disk(state, client, disk);
  co_await remove_stale_chains(*client);
  for (const model::Disk& disk : changes.media) co_await change_medium(state, client, disk, files_of(files, disk));
  for (const model::Disk& disk : changes.add) co_await add_disk(state, client, disk, files_of(files, disk));
  for (const model::Disk& disk : changes.limits) co_await change_limits(state, client, disk);
}

Awaitable<> set_disk_limits(qmp::Client& client, const model::MachineSpec& spec) {
  for (const model::Disk& disk : spec.disks) {
    if (has_limits(disk.limits))
      co_await qmp::block_set_io_throttle(client, throttle_arguments(disk, resolve_bus(disk, resolve_chipset(spec))));
  }
}

Awaitable<> resize_disk(std::shared_ptr<MachineState> state, std::string disk_id, Bytes size) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const std::optional<qmp::BlockDevice> device = co_await find_device(*client, disk_device_id(disk_id));
  if (!device || device->node.empty()) {
    throw Error(ErrorKind::not_found, "disk.not_attached",
                fmt::format("The running machine {} has no disk {}.", state->record.machine_name, disk_id),
                "It is added at the next start; change its size then, or while the machine is off.");
  }
  co_await qmp::block_resize(*client, device->node, size);
  for (model::Disk& disk : state->record.spec.disks) {
    if (disk.id == disk_id) disk.size = size;
  }
  write_record(state->runtime_directory, state->record);
}

}  // namespace visor::qemu
