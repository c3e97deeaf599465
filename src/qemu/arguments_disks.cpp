// Block nodes and the devices on top of them.
#include <fmt/format.h>

#include <map>
#include <utility>

#include <boost/json.hpp>

#include "base/json.h"
#include "qemu/argument_list.h"
#include "qemu/disk_devices.h"

namespace visor::qemu {
namespace {

using boost::json::object;

/// SATA ports of one AHCI controller, also of the one that q35 has built in.
constexpr int kSataPorts = 6;

/// Adds the nodes of a chain and returns the name of the top one; empty without files.
std::string add_nodes(const std::string& prefix, const PlannedDisk& files, const std::vector<hypervisor::DiskLayer>& layers,
                      const model::Disk& disk, const std::string& setting, ArgumentList& list) {
  for (const object& node : chain_nodes(prefix, files, layers, disk)) list.add_json("-blockdev", node, setting);
  return files.layers.empty() ? "" : prefix + "-0";
}

/// Adds the device of each disk with the controllers that it needs.
class DiskDevices {
 public:
  DiskDevices(const ArgumentInput& input, PciPorts& ports, ArgumentList& list) : input_(input), ports_(ports), list_(list) {}

  void add(const model::Disk& disk, const std::string& node, const std::string& setting) {
    const model::DiskBus bus = resolve_bus(disk, input_.chipset);
    object device = disk_device(disk, bus, node);
    // The boot loader that QEMU puts in front of a direct kernel has place 0 for itself.
    if (disk.boot_index >= 0 && input_.spec().boot.kernel.empty()) device["bootindex"] = disk.boot_index;
    switch (bus) {
      case model::DiskBus::scsi:
        add_controller(setting);
        place_on_scsi(device, disk);
        break;
      case model::DiskBus::sata: place_on_sata(device, setting); break;
      case model::DiskBus::ide: place_on_ide(device); break;
      case model::DiskBus::usb: place_on_usb(device, disk, setting); break;
      case model::DiskBus::virtio: add_thread(device); [[fallthrough]];
      case model::DiskBus::nvme:
      case model::DiskBus::auto_: ports_.attach(device, setting, disk.slot); break;
    }
    list_.add_json("-device", device, setting);
  }

 private:
  /// The disk threads work for virtio cards only, each for those that come to it in turn.
  void add_thread(object& card) {
    const std::uint32_t threads = input_.spec().cpu.io_threads;
    if (threads > 0) card["iothread"] = disk_thread_id(threads_used_++ % threads);
  }

  void add_controller(const std::string& setting) {
    if (scsi_++ > 0) return;
    object controller{{"driver", "virtio-scsi-pci"}, {"id", kScsiController}};
    add_thread(controller);
    ports_.attach(controller, setting);
    list_.add_json("-device", controller, setting);
  }

  static void place_on_scsi(object& device, const model::Disk& disk) {
    device["bus"] = fmt::format("{}.0", kScsiController);
    if (disk.slot != 0) device["scsi-id"] = slot_target(disk.slot);
  }

  void place_on_sata(object& device, const std::string& setting) {
    const int controller = sata_ / kSataPorts;
    const bool built_in = input_.chipset == "q35" && controller == 0;
    const std::string id = fmt::format("ahci{}", controller);
    if (!built_in && sata_ % kSataPorts == 0) list_.add_json("-device", {{"driver", "ich9-ahci"}, {"id", id}}, setting);
    device["bus"] = fmt::format("{}.{}", built_in ? "ide" : id, sata_++ % kSataPorts);
  }

  void place_on_ide(object& device) {
    device["bus"] = fmt::format("ide.{}", ide_ / 2);
    device["unit"] = ide_++ % 2;
  }

  void place_on_usb(object& device, const model::Disk& disk, const std::string& setting) {
    if (disk.device == model::DiskDevice::disk) {
      device["bus"] = "usb.0";
      return;
    }
    const std::string bridge = fmt::format("usb-bridge{}", usb_++);
    list_.add_json("-device", {{"driver", "usb-bot"}, {"id", bridge}, {"bus", "usb.0"}}, setting);
    device["bus"] = bridge + ".0";
  }

  const ArgumentInput& input_;
  PciPorts& ports_;
  ArgumentList& list_;
  int scsi_ = 0;
  int sata_ = 0;
  int ide_ = 0;
  int usb_ = 0;
  std::uint32_t threads_used_ = 0;
};

std::vector<hypervisor::DiskLayer> layers_of(const ArgumentInput& input, const std::string& id) {
  for (const hypervisor::ResolvedDisk& disk : input.definition.disks) {
    if (disk.disk_id == id) return disk.layers;
  }
  return {};
}

/// A raw file as one read-only chain of a single layer.
std::string add_raw(const std::string& prefix, const PlannedFile& file, const std::string& setting, ArgumentList& list) {
  const PlannedDisk disk{"", {file}};
  return add_nodes(prefix, disk, {{file.path, model::DiskFormat::raw}}, {}, setting, list);
}

}  // namespace

std::string disk_thread_id(std::uint32_t thread) { return fmt::format("disks{}", thread); }

model::DiskBus resolve_bus(const model::Disk& disk, const std::string& chipset) {
  if (disk.bus != model::DiskBus::auto_) return disk.bus;
  if (disk.device == model::DiskDevice::disk) return model::DiskBus::virtio;
  if (chipset == "q35") return model::DiskBus::sata;
  return chipset == "i440fx" ? model::DiskBus::ide : model::DiskBus::scsi;
}

void add_disks(const ArgumentInput& input, PciPorts& ports, ArgumentList& list) {
  for (std::uint32_t thread = 0; thread < input.spec().cpu.io_threads; ++thread) {
    list.add_json("-object", {{"qom-type", "iothread"}, {"id", disk_thread_id(thread)}}, "spec.cpu.ioThreads");
  }
  DiskDevices devices(input, ports, list);
  for (std::size_t i = 0; i < input.spec().disks.size(); ++i) {
    const std::string setting = fmt::format("spec.disks[{}]", i);
    const model::Disk& disk = input.spec().disks[i];
    const std::string node =
        add_nodes(fmt::format("disk{}", i), input.plan.disks[i], layers_of(input, disk.id), disk, setting, list);
    devices.add(disk, node, setting);
  }
}

void add_seed(const ArgumentInput& input, PciPorts& ports, ArgumentList& list) {
  if (!input.plan.seed) return;
  const std::string node = add_raw("seed", *input.plan.seed, "visor", list);
  // Small cloud kernels have no SATA driver, Windows has no virtio one.
  if (input.spec().os.family == model::OsFamily::windows) {
    list.add_json("-device", {{"driver", "usb-storage"}, {"id", "seed"}, {"bus", "usb.0"}, {"drive", node}}, "visor");
    return;
  }
  object device{{"driver", "virtio-blk-pci"}, {"id", "seed"}, {"drive", node}, {"serial", "seed"}};
  ports.attach(device, "visor");
  list.add_json("-device", device, "visor");
}

void add_firmware(const ArgumentInput& input, ArgumentList& list) {
  const std::filesystem::path& rom = input.plan.choices.rom;
  if (!rom.empty()) list.add("-bios", rom.native(), "spec.firmware", {"spec.memory.encryption"});
  if (!input.plan.firmware) return;
  const auto add = [&](const std::string& name, const PlannedFile& file) {
    list.add_json("-blockdev", file_node(name + "-file", file), "spec.firmware");
    list.add_json("-blockdev", {{"driver", "raw"}, {"node-name", name}, {"file", name + "-file"}, {"read-only", !file.writable}},
                  "spec.firmware");
  };
  add("firmware-code", input.plan.firmware->code);
  add("firmware-variables", input.plan.firmware->variables);
  if (!input.plan.choices.firmware->secure) return;
  // Only the firmware itself may change its keys; it cannot sleep (S3) then.
  list.add("-global", "driver=cfi.pflash01,property=secure,value=on", "spec.secureBoot");
  list.add("-global", "driver=ICH9-LPC,property=disable_s3,value=1", "spec.secureBoot");
}

}  // namespace visor::qemu
