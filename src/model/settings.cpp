#include "model/settings.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "model/machine_spec.h"

namespace visor::model {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;
constexpr std::int64_t kTiB = std::int64_t{1} << 40U;

Setting make(std::string key, std::string type, std::string title, std::string description) {
  Setting setting;
  setting.key = std::move(key);
  setting.type = std::move(type);
  setting.title = std::move(title);
  setting.description = std::move(description);
  return setting;
}

Setting number(std::string key, std::string type, std::int64_t minimum, std::int64_t maximum, std::string title,
               std::string description) {
  Setting setting = make(std::move(key), std::move(type), std::move(title), std::move(description));
  setting.minimum = minimum;
  setting.maximum = maximum;
  if (setting.type == "bytes") setting.unit = "bytes";
  return setting;
}

Setting choice(std::string key, std::vector<std::string> values, std::string title, std::string description) {
  Setting setting = make(std::move(key), "enum", std::move(title), std::move(description));
  setting.values = std::move(values);
  return setting;
}

Setting fixed(Setting setting) {
  setting.read_only = true;
  return setting;
}

Setting live(Setting setting) {
  setting.live = true;
  return setting;
}

/// The default of a setting is what a new MachineSpec (or an element of its lists) holds.
boost::json::value default_of(const std::string& key) {
  boost::json::value at;
  std::string rest = key;
  if (key.starts_with("disks[].")) {
    at = json::to_json(Disk{});
    rest = key.substr(8);
  } else if (key.starts_with("nics[].")) {
    at = json::to_json(Nic{});
    rest = key.substr(7);
  } else {
    at = json::to_json(MachineSpec{});
  }
  for (const std::string& part : text::split(rest, '.')) {
    boost::json::value next = at.at(part);
    at = std::move(next);
  }
  return at;
}

std::vector<Setting> cpu_and_memory() {
  Setting cpu = number("cpu.count", "integer", 1, 288, "Processors", "How many virtual processors the machine has.");
  cpu.unit = "vCPU";
  return {
      std::move(cpu),
      make("cpu.model", "string", "Processor model",
           "What the guest sees: auto (the host's own with KVM, every feature QEMU can emulate without), host, max, or a named "
           "model."),
      number("memory.size", "bytes", 16 * kMiB, 16 * kTiB, "Memory", "How much memory the guest sees."),
  };
}

std::vector<Setting> platform() {
  return {
      fixed(choice("arch", json::enum_names<Arch>(), "Architecture", "The processor architecture; a foreign one is emulated.")),
      choice("accelerator", json::enum_names<Accelerator>(), "Accelerator",
             "auto uses KVM when a probe has shown that guests really run with it, and emulation (TCG) otherwise."),
      fixed(choice("chipset", {"auto", "q35", "i440fx", "virt"}, "Chipset",
                   "The board: q35 for modern systems, i440fx for old ones, virt for aarch64.")),
      fixed(make(
          "machineVersion", "string", "Machine version",
          "The versioned QEMU machine type. Pinned at the first start, so that an update of QEMU changes nothing in the guest.")),
      fixed(choice("firmware", json::enum_names<Firmware>(), "Firmware",
                   "UEFI for modern systems, BIOS for old ones. Not used with a direct kernel.")),
      make("os.id", "string", "Operating system", "Short id of the guest system such as debian12; only shown."),
      choice("os.family", json::enum_names<OsFamily>(), "System family", "Which kind of system the guest is."),
  };
}

std::vector<Setting> disks() {
  return {
      make("disks", "list", "Disks", "Disks and CD drives."),
      make("disks[].id", "string", "Name", "Name of the disk within the machine."),
      choice("disks[].device", json::enum_names<DiskDevice>(), "Device", "A disk or a CD drive."),
      make("disks[].volume", "string", "Volume", "The volume that Visor keeps for this disk."),
      make("disks[].file", "string", "File",
           "An image or ISO file of yours. Visor never changes its owner or mode and never deletes it."),
      number("disks[].size", "bytes", kMiB, 64 * kTiB, "Size", "Virtual size of the disk."),
      choice("disks[].format", json::enum_names<DiskFormat>(), "Format", "Format of the file."),
      choice("disks[].bus", json::enum_names<DiskBus>(), "Bus", "How the guest reaches the disk; auto takes virtio for disks."),
      make("disks[].readOnly", "boolean", "Read-only", "The guest cannot write to it."),
      number("disks[].bootIndex", "integer", -1, 999, "Boot order", "Lowest first; -1: never booted from."),
  };
}

std::vector<Setting> network() {
  return {
      make("nics", "list", "Network adapters", "Network adapters."),
      make("nics[].id", "string", "Name", "Name of the adapter within the machine."),
      choice("nics[].switch", {"user"}, "Switch",
             "user: a private network in user space with access to the outside; needs no rights."),
      choice("nics[].model", json::enum_names<NicModel>(), "Model",
             "virtio is fastest; e1000e and rtl8139 work without drivers."),
      make("nics[].mac", "string", "MAC address", "Chosen when the machine is created, unless given."),
      live(make("nics[].linkUp", "boolean", "Cable", "Whether the virtual cable is plugged in.")),
      make("nics[].forwards", "list", "Port forwards", "Ports of the host that lead into the guest."),
  };
}

std::vector<Setting> other() {
  return {
      choice("display.model", json::enum_names<DisplayModel>(), "Graphics",
             "virtio for modern guests, std for every guest, none for servers."),
      make("boot.kernel", "string", "Kernel", "Boot this kernel file directly, without firmware."),
      make("boot.initrd", "string", "Initial RAM disk", "File of the initial RAM disk for the direct kernel."),
      make("boot.cmdline", "string", "Kernel command line", "Parameters for the direct kernel."),
      make("guestAgent", "boolean", "Guest agent",
           "The port through which the agent in the guest answers: addresses, commands, files, clean shutdown."),
      make("rng", "boolean", "Random numbers", "Feeds the guest's random generator from the host."),
      live(make("protection.delete", "boolean", "Protect from deletion", "Deleting the machine is refused while this is on.")),
      live(make("protection.start", "boolean", "Protect from start", "Starting the machine is refused while this is on.")),
  };
}

std::vector<Setting> make_all() {
  std::vector<Setting> all;
  for (std::vector<Setting> part : {cpu_and_memory(), platform(), disks(), network(), other()}) {
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  for (Setting& setting : all) setting.default_ = default_of(setting.key);
  return all;
}

const std::vector<Setting>& table() {
  static const std::vector<Setting> all = make_all();
  return all;
}

}  // namespace

std::span<const Setting> settings() { return table(); }

const Setting* find_setting(std::string_view key) {
  const auto found = std::find_if(table().begin(), table().end(), [&](const Setting& setting) { return setting.key == key; });
  return found == table().end() ? nullptr : &*found;
}

}  // namespace visor::model
