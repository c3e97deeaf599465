// Everything on the buses but the disks: ports, network cards, screen, channels and small helpers.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "qemu/argument_list.h"
#include "qemu/disk_devices.h"
#include "qemu/live_settings.h"
#include "qemu/tpm.h"

namespace visor::qemu {
namespace {

/// First PCI slot of the hot-plug ports; eight share a slot as functions. Devices without an address fill the lower slots.
constexpr int kFirstPortSlot = 0x10;

/// The ports of the disk slots lie behind those, where none of them moves when another device is added.
constexpr int kSlotsAddress = 0x1e;
constexpr int kFirstSlotChassis = 101;

std::string_view nic_driver(model::NicModel model) {
  switch (model) {
    case model::NicModel::virtio: return "virtio-net-pci";
    case model::NicModel::e1000e: return "e1000e";
    case model::NicModel::e1000: return "e1000";
    case model::NicModel::rtl8139: return "rtl8139";
    case model::NicModel::pcnet: return "pcnet";
  }
  return "virtio-net-pci";
}

/// How QEMU's user-mode network writes a forward: "tcp:127.0.0.1:40022-:22" (qemu net/slirp.c).
std::string forward_text(const model::PortForward& forward) {
  return fmt::format("{}:{}:{}-:{}", forward.protocol == model::Protocol::tcp ? "tcp" : "udp", forward.host_address,
                     forward.host_port, forward.guest_port);
}

std::string_view display_driver(const ArgumentInput& input) {
  const bool standard = input.spec().display.model == model::DisplayModel::std_;
  if (input.x86()) return standard ? "VGA" : "virtio-vga";
  return standard ? "ramfb" : "virtio-gpu-pci";
}

bool has_usb_disk(const ArgumentInput& input) {
  for (const model::Disk& disk : input.spec().disks) {
    if (disk.bus == model::DiskBus::usb) return true;
  }
  return false;
}

}  // namespace

std::string sound_driver(model::AudioModel model) {
  if (model == model::AudioModel::ac97) return "AC97";
  return model == model::AudioModel::virtio ? "virtio-sound-pci" : "ich9-intel-hda";
}

std::string PciPorts::add_port(const std::string& setting) {
  std::string id = fmt::format("port{}", count_);
  add_root_port(id, count_ + 1, kFirstPortSlot + count_ / 8, count_ % 8, setting);
  ++count_;
  return id;
}

void PciPorts::add_root_port(const std::string& id, int number, int slot, int function, const std::string& setting) {
  list_.add_json("-device",
                 {{"driver", "pcie-root-port"},
                  {"id", id},
                  {"bus", "pcie.0"},
                  {"chassis", number},
                  {"port", number - 1},
                  {"addr", fmt::format("0x{:x}.0x{:x}", slot, function)},
                  {"multifunction", true}},
                 setting);
}

void PciPorts::attach(boost::json::object& device, const std::string& setting, std::uint32_t slot) {
  if (slot != 0) {
    place_in_slot(device, slot, input_.pcie());
  } else if (input_.pcie()) {
    device["bus"] = add_port(setting);
  }
}

void PciPorts::add_slots() {
  for (int i = 0; i < static_cast<int>(model::kDiskSlots) && input_.pcie(); ++i) {
    add_root_port(slot_port(static_cast<std::uint32_t>(i) + 1), kFirstSlotChassis + i, kSlotsAddress, i, "visor");
  }
}

void add_usb_controller(const ArgumentInput& input, ArgumentList& list) {
  const bool windows_seed = input.plan.seed && input.spec().os.family == model::OsFamily::windows;
  if (input.spec().display.model == model::DisplayModel::none && !has_usb_disk(input) && !windows_seed) return;
  list.add_json("-device", {{"driver", "qemu-xhci"}, {"id", "usb"}}, "visor");
}

void add_nics(const ArgumentInput& input, PciPorts& ports, ArgumentList& list) {
  for (std::size_t i = 0; i < input.spec().nics.size(); ++i) {
    const model::Nic& nic = input.spec().nics[i];
    const std::string setting = fmt::format("spec.nics[{}]", i);
    boost::json::object backend{{"type", "user"}, {"id", netdev_id(nic.id)}};
    boost::json::array forwards;
    for (const model::PortForward& forward : input.plan.forwards[i]) forwards.push_back({{"str", forward_text(forward)}});
    if (!forwards.empty()) backend["hostfwd"] = std::move(forwards);
    list.add_json("-netdev", backend, setting + ".forwards");
    boost::json::object card{{"driver", nic_driver(nic.model)}, {"id", nic_device_id(nic.id)}, {"netdev", netdev_id(nic.id)}};
    if (!nic.mac.empty()) card["mac"] = nic.mac;
    if (nic.boot_index >= 0 && input.spec().boot.kernel.empty()) {
      card["bootindex"] = nic.boot_index;
    } else {
      // No option ROM: nothing boots from the network, and the firmware starts faster.
      card["romfile"] = "";
    }
    ports.attach(card, setting);
    list.add_json("-device", card, setting + ".model");
  }
}

void add_display(const ArgumentInput& input, ArgumentList& list) {
  list.add("-display", "none", "visor");
  if (input.spec().display.model == model::DisplayModel::none) return;
  // The screen listens nowhere: a viewer's socket is given to QEMU over the monitor (add_client).
  list.add("-vnc", "none", "spec.display.model");
  const model::Display& display = input.spec().display;
  boost::json::object card{{"driver", display_driver(input)}, {"id", "video"}};
  if (display.width != 0) {
    card["xres"] = display.width;
    card["yres"] = display.height;
  }
  if (display.video_memory.count != 0) {
    // The VGA card has memory of its own; the virtio one borrows up to so much from the host.
    const bool standard = display.model == model::DisplayModel::std_;
    if (standard) card["vgamem_mb"] = display.video_memory.count >> 20U;
    if (!standard) card["max_hostmem"] = display.video_memory.count;
  }
  list.add_json("-device", card, "spec.display.model");
  const char* pointer = display.tablet ? "usb-tablet" : "usb-mouse";
  list.add_json("-device", {{"driver", pointer}, {"id", "tablet"}, {"bus", "usb.0"}}, "spec.display.tablet");
  list.add_json("-device", {{"driver", "usb-kbd"}, {"id", "keyboard"}, {"bus", "usb.0"}}, "spec.display.model");
}

void add_audio(const ArgumentInput& input, ArgumentList& list) {
  const model::AudioModel model = input.spec().audio.model;
  if (model == model::AudioModel::none) return;
  const char* setting = "spec.audio.model";
  list.add("-audiodev", "none,id=audio", setting);
  boost::json::object card{{"driver", sound_driver(model)}, {"id", "sound"}};
  if (model != model::AudioModel::hda) card["audiodev"] = "audio";
  list.add_json("-device", card, setting);
  if (model != model::AudioModel::hda) return;
  list.add_json("-device", {{"driver", "hda-duplex"}, {"id", "sound-codec"}, {"bus", "sound.0"}, {"audiodev", "audio"}}, setting);
}

namespace {

std::string serial_backend(std::size_t port, int socket, const PlannedFile& log) {
  return fmt::format("socket,id=serial{},fd={},server=on,wait=off,logfile={},logappend=on", port, socket, log.name());
}

void add_more_serials(const ArgumentInput& input, ArgumentList& list) {
  const char* setting = "spec.serialPorts";
  for (std::size_t i = 0; i < input.plan.more_serials.size(); ++i) {
    const PlannedSerial& serial = input.plan.more_serials[i];
    const std::size_t port = i + 1;
    list.add("-chardev", serial_backend(port, serial.socket, serial.log), setting);
    list.add_json("-device",
                  {{"driver", "isa-serial"},
                   {"id", fmt::format("serial-{}", port)},
                   {"index", port},
                   {"chardev", fmt::format("serial{}", port)}},
                  setting);
  }
}

}  // namespace

void add_channels(const ArgumentInput& input, ArgumentList& list) {
  list.add("-chardev", serial_backend(0, input.plan.serial_socket, input.plan.serial_log), "visor");
  if (input.x86()) {
    list.add_json("-device", {{"driver", "isa-serial"}, {"id", "serial"}, {"chardev", "serial0"}}, "visor");
  } else {
    list.add("-serial", "chardev:serial0", "visor");
  }
  add_more_serials(input, list);
  if (input.plan.agent_socket < 0) return;
  list.add("-chardev", fmt::format("socket,id=agent0,fd={},server=on,wait=off", input.plan.agent_socket), "spec.guestAgent");
  list.add_json("-device", {{"driver", "virtio-serial-pci"}, {"id", "channels"}}, "spec.guestAgent");
  list.add_json("-device",
                {{"driver", "virtserialport"},
                 {"id", "agent"},
                 {"bus", "channels.0"},
                 {"chardev", "agent0"},
                 {"name", "org.qemu.guest_agent.0"}},
                "spec.guestAgent");
}

namespace {

/// A folder that a process of its own serves.
void add_served_folder(const PlannedShare& planned, std::size_t number, const std::string& setting, ArgumentList& list) {
  const std::string id = fmt::format("share{}", number);
  list.add("-chardev", fmt::format("socket,id={},fd={}", id, planned.descriptor), setting + ".driver",
           {setting + ".path", setting + ".readOnly"});
  list.add_json(
      "-device",
      {{"driver", "vhost-user-fs-pci"}, {"id", fmt::format("share-{}", number)}, {"chardev", id}, {"tag", planned.share.tag}},
      setting + ".tag");
}

}  // namespace

void add_shares(const ArgumentInput& input, ArgumentList& list) {
  for (std::size_t i = 0; i < input.plan.shares.size(); ++i) {
    const PlannedShare& planned = input.plan.shares[i];
    const std::string setting = fmt::format("spec.shares[{}]", i);
    if (model::is_virtiofs(planned.share)) {
      add_served_folder(planned, i, setting, list);
      continue;
    }
    const bool plain = planned.share.owners == model::ShareOwners::plain;
    // Several file systems below one folder must not show files with the same number.
    std::string value = fmt::format("local,id=share{},path=/proc/self/fd/{},multidevs=remap,security_model={}", i,
                                    planned.descriptor, plain ? "none" : "mapped-xattr");
    if (!plain) value += ",fmode=0660,dmode=0770";
    if (planned.share.read_only) value += ",readonly=on";
    list.add("-fsdev", value, setting + ".path", {setting + ".readOnly", setting + ".owners"});
    list.add_json("-device",
                  {{"driver", "virtio-9p-pci"},
                   {"id", fmt::format("share-{}", i)},
                   {"fsdev", fmt::format("share{}", i)},
                   {"mount_tag", planned.share.tag}},
                  setting + ".tag");
  }
}

void add_tpm(const ArgumentInput& input, ArgumentList& list) {
  if (input.plan.tpm_socket < 0) return;
  const char* setting = "spec.tpm.enabled";
  list.add("-chardev", fmt::format("socket,id=tpm-control,fd={}", input.plan.tpm_socket), setting);
  list.add("-tpmdev", "emulator,id=tpm-backend,chardev=tpm-control", setting);
  list.add_json("-device", {{"driver", tpm_driver(input.chipset)}, {"id", "tpm"}, {"tpmdev", "tpm-backend"}}, setting);
}

void add_helpers(const ArgumentInput& input, ArgumentList& list) {
  if (input.spec().rng) {
    list.add_json("-object", {{"qom-type", "rng-builtin"}, {"id", "rng0"}}, "spec.rng");
    list.add_json("-device", {{"driver", "virtio-rng-pci"}, {"id", "rng"}, {"rng", "rng0"}}, "spec.rng");
  }
  list.add_json("-device",
                {{"driver", "virtio-balloon-pci"}, {"id", "balloon"}, {"free-page-reporting", true}, {"deflate-on-oom", true}},
                "visor");
  list.add_json("-device", {{"driver", input.x86() ? "pvpanic" : "pvpanic-pci"}, {"id", "panic"}}, "visor");
  if (input.plan.vsock >= 0) {
    list.add_json("-device",
                  {{"driver", "vhost-vsock-pci"},
                   {"id", "vsock"},
                   {"guest-cid", input.plan.vsock_cid},
                   {"vhostfd", std::to_string(input.plan.vsock)}},
                  "spec.vsock.enabled");
  }
  const model::Watchdog& watchdog = input.spec().watchdog;
  if (watchdog.model == model::WatchdogModel::none) return;
  list.add_json("-device", {{"driver", json::enum_name(watchdog.model)}, {"id", "watchdog"}}, "spec.watchdog.model");
  list.add("-action", "watchdog=" + watchdog_action(watchdog.action), "spec.watchdog.action");
}

}  // namespace visor::qemu
