// Block nodes and the devices on top of them.
#include <fmt/format.h>

#include <map>
#include <utility>

#include <boost/json.hpp>

#include "base/json.h"
#include "qemu/argument_list.h"

namespace visor::qemu {
namespace {

using boost::json::object;

/// SATA ports of one AHCI controller, also of the one that q35 has built in.
constexpr int kSataPorts = 6;
constexpr std::size_t kSerialLength = 20;

/// The node of one open file. Its lock keeps a second machine off; `auto-read-only` is off because QEMU cannot re-open a
/// descriptor with more rights than it has.
object file_node(const std::string& name, const PlannedFile& file) {
  return {{"driver", "file"},        {"node-name", name}, {"filename", file.name()}, {"read-only", !file.writable},
          {"auto-read-only", false}, {"locking", "on"},   {"discard", "unmap"}};
}

bool has_backing(model::DiskFormat format) { return format == model::DiskFormat::qcow2 || format == model::DiskFormat::vmdk; }

/// Adds the nodes of a chain from the base up and returns the name of the top one. Every driver is stated and every backing
/// link is explicit, so that nothing in a file's header decides what QEMU opens.
std::string add_chain(const std::string& prefix, const PlannedDisk& disk, const std::vector<hypervisor::DiskLayer>& layers,
                      const std::string& setting, ArgumentList& list) {
  std::string below;
  for (std::size_t i = disk.layers.size(); i-- > 0;) {
    const std::string name = fmt::format("{}-{}", prefix, i);
    list.add_json("-blockdev", file_node(name + "-file", disk.layers[i]), setting);
    object node{{"driver", json::enum_name(layers[i].format)},
                {"node-name", name},
                {"file", name + "-file"},
                {"read-only", !disk.layers[i].writable},
                {"discard", "unmap"}};
    if (has_backing(layers[i].format)) node["backing"] = below.empty() ? boost::json::value(nullptr) : boost::json::value(below);
    list.add_json("-blockdev", node, setting);
    below = name;
  }
  return below;
}

std::string disk_thread_id(std::uint32_t thread) { return fmt::format("disks{}", thread); }

std::string serial_of(const std::string& id) { return id.substr(0, kSerialLength); }

/// Adds the device of each disk with the controllers that it needs.
class DiskDevices {
 public:
  DiskDevices(const ArgumentInput& input, PciPorts& ports, ArgumentList& list) : input_(input), ports_(ports), list_(list) {}

  void add(const model::Disk& disk, const std::string& node, const std::string& setting) {
    const bool cdrom = disk.device == model::DiskDevice::cdrom;
    object device{{"id", disk_device_id(disk.id)}};
    if (!node.empty()) device["drive"] = node;
    // The boot loader that QEMU puts in front of a direct kernel has place 0 for itself.
    if (disk.boot_index >= 0 && input_.spec().boot.kernel.empty()) device["bootindex"] = disk.boot_index;
    switch (resolve_bus(disk, input_.chipset)) {
      case model::DiskBus::scsi: return add_scsi(std::move(device), cdrom, disk, setting);
      case model::DiskBus::sata: return add_sata(std::move(device), cdrom, disk, setting);
      case model::DiskBus::ide: return add_ide(std::move(device), cdrom, disk, setting);
      case model::DiskBus::usb: return add_usb(std::move(device), cdrom, setting);
      case model::DiskBus::nvme: return add_card(std::move(device), "nvme", disk, setting);
      case model::DiskBus::virtio:
      case model::DiskBus::auto_: return add_card(std::move(device), "virtio-blk-pci", disk, setting);
    }
  }

 private:
  void add_device(std::string_view driver, object device, const std::string& setting) {
    object ordered{{"driver", driver}};
    for (auto& [key, value] : device) ordered[key] = std::move(value);
    list_.add_json("-device", ordered, setting);
  }

  /// The disk threads work for virtio cards only, each for those that come to it in turn.
  void add_thread(object& card) {
    const std::uint32_t threads = input_.spec().cpu.io_threads;
    if (threads > 0) card["iothread"] = disk_thread_id(threads_used_++ % threads);
  }

  void add_card(object device, std::string_view driver, const model::Disk& disk, const std::string& setting) {
    if (driver == "virtio-blk-pci") add_thread(device);
    device["serial"] = serial_of(disk.id);
    ports_.attach(device, setting);
    add_device(driver, std::move(device), setting);
  }

  void add_scsi(object device, bool cdrom, const model::Disk& disk, const std::string& setting) {
    if (scsi_++ == 0) {
      object controller{{"driver", "virtio-scsi-pci"}, {"id", "scsi"}};
      add_thread(controller);
      ports_.attach(controller, setting);
      list_.add_json("-device", controller, setting);
    }
    device["bus"] = "scsi.0";
    device["serial"] = serial_of(disk.id);
    add_device(cdrom ? "scsi-cd" : "scsi-hd", std::move(device), setting);
  }

  void add_sata(object device, bool cdrom, const model::Disk& disk, const std::string& setting) {
    const int controller = sata_ / kSataPorts;
    const bool built_in = input_.chipset == "q35" && controller == 0;
    const std::string id = fmt::format("ahci{}", controller);
    if (!built_in && sata_ % kSataPorts == 0) list_.add_json("-device", {{"driver", "ich9-ahci"}, {"id", id}}, setting);
    device["bus"] = fmt::format("{}.{}", built_in ? "ide" : id, sata_ % kSataPorts);
    device["serial"] = serial_of(disk.id);
    ++sata_;
    add_device(cdrom ? "ide-cd" : "ide-hd", std::move(device), setting);
  }

  void add_ide(object device, bool cdrom, const model::Disk& disk, const std::string& setting) {
    device["bus"] = fmt::format("ide.{}", ide_ / 2);
    device["unit"] = ide_ % 2;
    device["serial"] = serial_of(disk.id);
    ++ide_;
    add_device(cdrom ? "ide-cd" : "ide-hd", std::move(device), setting);
  }

  void add_usb(object device, bool cdrom, const std::string& setting) {
    if (!cdrom) {
      device["bus"] = "usb.0";
      return add_device("usb-storage", std::move(device), setting);
    }
    const std::string bridge = fmt::format("usb-bridge{}", usb_++);
    list_.add_json("-device", {{"driver", "usb-bot"}, {"id", bridge}, {"bus", "usb.0"}}, setting);
    device["bus"] = bridge + ".0";
    add_device("scsi-cd", std::move(device), setting);
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
  return add_chain(prefix, disk, {{file.path, model::DiskFormat::raw}}, setting, list);
}

}  // namespace

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
    const std::string node = add_chain(fmt::format("disk{}", i), input.plan.disks[i], layers_of(input, disk.id), setting, list);
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
