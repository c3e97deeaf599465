#include "qemu/disk_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "qemu/arguments.h"

namespace visor::qemu {
namespace {

using boost::json::object;

constexpr std::size_t kSerialLength = 20;
/// virtio-scsi has 256 targets; those that QEMU numbers by itself come first.
constexpr std::uint32_t kFirstSlotTarget = 100;
/// On i440fx the slots are the last places of its one bus.
constexpr std::uint32_t kFirstSlotAddress = 0x17;

bool has_backing(model::DiskFormat format) { return format == model::DiskFormat::qcow2 || format == model::DiskFormat::vmdk; }

bool is_direct(model::DiskCache cache) { return cache == model::DiskCache::none || cache == model::DiskCache::directsync; }
bool is_write_through(model::DiskCache cache) {
  return cache == model::DiskCache::writethrough || cache == model::DiskCache::directsync;
}

/// Sixteen hexadecimal digits, as model::check_disk() wants them.
std::uint64_t parse_wwn(const std::string& digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

/// How a node is cached; what is the default is not written.
void add_cache(object& node, const model::Disk& disk) {
  const bool direct = is_direct(disk.cache);
  const bool unsafe = disk.cache == model::DiskCache::unsafe;
  if (direct || unsafe) node["cache"] = object{{"direct", direct}, {"no-flush", unsafe}};
  if (!disk.discard) node["discard"] = "ignore";
}

}  // namespace

/// Its lock keeps a second machine off; `auto-read-only` is off because QEMU cannot re-open a descriptor with more rights than it has.
object file_node(const std::string& name, const PlannedFile& file) {
  return {{"driver", "file"},        {"node-name", name}, {"filename", file.name()}, {"read-only", !file.writable},
          {"auto-read-only", false}, {"locking", "on"},   {"discard", "unmap"}};
}

std::vector<object> layer_nodes(const std::string& name, const PlannedFile& file, model::DiskFormat format,
                                const std::string& below, const model::Disk& disk) {
  object opened = file_node(name + "-file", file);
  if (disk.aio != model::DiskAio::auto_) opened["aio"] = json::enum_name(disk.aio);
  object node{{"driver", json::enum_name(format)},
              {"node-name", name},
              {"file", name + "-file"},
              {"read-only", !file.writable},
              {"discard", "unmap"}};
  if (has_backing(format)) node["backing"] = below.empty() ? boost::json::value(nullptr) : boost::json::value(below);
  add_cache(opened, disk);
  add_cache(node, disk);
  return {std::move(opened), std::move(node)};
}

std::vector<object> chain_nodes(const std::string& prefix, const PlannedDisk& files,
                                const std::vector<hypervisor::DiskLayer>& layers, const model::Disk& disk) {
  std::vector<object> nodes;
  std::string below;
  for (std::size_t i = files.layers.size(); i-- > 0;) {
    const std::string name = fmt::format("{}-{}", prefix, i);
    for (object& node : layer_nodes(name, files.layers[i], layers[i].format, below, disk)) nodes.push_back(std::move(node));
    below = name;
  }
  return nodes;
}

const char* disk_driver(model::DiskBus bus, bool cdrom) {
  switch (bus) {
    case model::DiskBus::scsi: return cdrom ? "scsi-cd" : "scsi-hd";
    case model::DiskBus::sata:
    case model::DiskBus::ide: return cdrom ? "ide-cd" : "ide-hd";
    case model::DiskBus::usb: return cdrom ? "scsi-cd" : "usb-storage";
    case model::DiskBus::nvme: return "nvme";
    case model::DiskBus::virtio:
    case model::DiskBus::auto_: return "virtio-blk-pci";
  }
  return "virtio-blk-pci";
}

object disk_device(const model::Disk& disk, model::DiskBus bus, const std::string& node) {
  const bool cdrom = disk.device == model::DiskDevice::cdrom;
  const bool ata = bus == model::DiskBus::sata || bus == model::DiskBus::ide;
  object device{{"driver", disk_driver(bus, cdrom)}, {"id", disk_device_id(disk.id)}};
  if (!node.empty()) device["drive"] = node;
  if (bus != model::DiskBus::usb || !disk.serial.empty()) {
    device["serial"] = (disk.serial.empty() ? disk.id : disk.serial).substr(0, kSerialLength);
  }
  if (ata || bus == model::DiskBus::scsi) {
    if (!disk.wwn.empty()) device["wwn"] = parse_wwn(disk.wwn);
    if (disk.ssd && !cdrom) device["rotation_rate"] = 1;
  }
  if (cdrom) return device;
  if (disk.logical_sector_size != 0 && !ata) device["logical_block_size"] = disk.logical_sector_size;
  const std::uint32_t physical = std::max(disk.physical_sector_size, disk.logical_sector_size);
  if (physical != 0) device["physical_block_size"] = physical;
  if (disk.shareable) device["share-rw"] = true;
  if (is_write_through(disk.cache)) device["write-cache"] = "off";
  if (bus == model::DiskBus::virtio && disk.queues != 0) device["num-queues"] = disk.queues;
  return device;
}

std::string slot_port(std::uint32_t slot) { return fmt::format("slot{}", slot); }

void place_in_slot(object& device, std::uint32_t slot, bool pcie) {
  if (pcie) {
    device["bus"] = slot_port(slot);
  } else {
    device["addr"] = fmt::format("0x{:x}", kFirstSlotAddress + slot);
  }
}

std::uint32_t slot_target(std::uint32_t slot) { return kFirstSlotTarget + slot; }

bool has_limits(const model::DiskLimits& limits) {
  return limits.read.count != 0 || limits.write.count != 0 || limits.read_operations != 0 || limits.write_operations != 0;
}

bool same_limits(const model::DiskLimits& a, const model::DiskLimits& b) {
  return json::to_json(a) == json::to_json(b) || (!has_limits(a) && !has_limits(b));
}

object throttle_arguments(const model::Disk& disk, model::DiskBus bus) {
  const model::DiskLimits& limits = disk.limits;
  // A virtio card is only the carrier of the device that has the disk.
  const char* carried = bus == model::DiskBus::virtio ? "/virtio-backend" : "";
  object arguments{{"id", fmt::format("/machine/peripheral/{}{}", disk_device_id(disk.id), carried)}, {"bps", 0}, {"iops", 0}};
  const auto add = [&](const char* kind, std::uint64_t limit) {
    const std::string name(kind);
    arguments[name] = limit;
    if (limit == 0 || limits.burst_percent <= 100) return;
    arguments[name + "_max"] = limit / 100 * limits.burst_percent + limit % 100 * limits.burst_percent / 100;
    arguments[name + "_max_length"] = limits.burst_seconds;
  };
  add("bps_rd", limits.read.count);
  add("bps_wr", limits.write.count);
  add("iops_rd", limits.read_operations);
  add("iops_wr", limits.write_operations);
  return arguments;
}

}  // namespace visor::qemu
