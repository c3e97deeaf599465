// A machine with its command line's name, from which the configurations of the tests are made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "hypervisor/hypervisor.h"
#include "model/encryption.h"
#include "model/validate_shares.h"
#include "qemu/firmware.h"
#include "qemu/plan.h"

namespace visor::qemu::testing {

struct Configuration {
  std::string name;
  hypervisor::MachineDefinition definition;
  Choices choices;
};

inline hypervisor::MachineDefinition base_definition() {
  hypervisor::MachineDefinition definition;
  definition.id = "6f1c1c52-0f3a-4d5e-9b1a-2f7c3c1d9e01";
  definition.name = "hello";
  definition.state_directory = "/state/machines/hello";
  definition.runtime_directory = "/run/machines/hello";
  definition.spec.memory.size = 64_MiB;
  definition.spec.cpu.count = 1;
  definition.spec.firmware = model::Firmware::bios;
  definition.spec.display.model = model::DisplayModel::none;
  return definition;
}

inline model::Disk make_disk(const std::string& id, model::DiskBus bus = model::DiskBus::auto_) {
  model::Disk disk;
  disk.id = id;
  disk.bus = bus;
  return disk;
}

inline void add_disk(hypervisor::MachineDefinition& definition, const model::Disk& disk,
                     std::vector<hypervisor::DiskLayer> layers) {
  definition.spec.disks.push_back(disk);
  definition.disks.push_back({disk.id, std::move(layers)});
}

/// QEMU's own, where Debian 12 has it.
inline FolderServer folder_server() { return {"/usr/lib/qemu/virtiofsd", FolderServer::Kind::c, false}; }

inline model::Nic make_nic(const std::string& id, model::NicModel model = model::NicModel::virtio) {
  model::Nic nic;
  nic.id = id;
  nic.model = model;
  nic.mac = "52:54:00:12:34:56";
  return nic;
}

/// Collects the configurations; each starts from a small machine.
class Configurations {
 public:
  using Change = std::function<void(hypervisor::MachineDefinition&)>;

  void x86(const std::string& name, const Change& change, const std::string& accelerator = "tcg") {
    Configuration entry{name, base_definition(), {}};
    change(entry.definition);
    const bool pc = entry.definition.spec.chipset == "i440fx";
    entry.choices.program = "/usr/bin/qemu-system-x86_64";
    entry.choices.accelerator = accelerator;
    entry.choices.machine_type = pc ? "pc-i440fx-7.2" : "pc-q35-7.2";
    if (entry.definition.spec.tpm.enabled) entry.choices.tpm_program = "/usr/bin/swtpm";
    if (model::has_virtiofs(entry.definition.spec)) entry.choices.folder_server = folder_server();
    if (entry.definition.spec.firmware == model::Firmware::uefi && entry.definition.spec.boot.kernel.empty()) {
      entry.choices.firmware = find_firmware(model::Arch::x86_64, entry.definition.spec.secure_boot);
    }
    if (entry.definition.spec.memory.encryption != "none") {
      entry.choices.encryption_bit = 51;
      entry.choices.reduced_bits = 1;
    }
    if (model::has_private_memory(entry.definition.spec.memory)) {
      entry.choices.firmware = std::nullopt;
      entry.choices.rom = "/usr/share/ovmf/OVMF.fd";
    }
    list.push_back(std::move(entry));
  }

  void arm(const std::string& name, const Change& change) {
    Configuration entry{name, base_definition(), {}};
    entry.definition.spec.arch = model::Arch::aarch64;
    entry.definition.spec.firmware = model::Firmware::uefi;
    entry.definition.spec.memory.size = 128_MiB;
    change(entry.definition);
    entry.choices.program = "/usr/bin/qemu-system-aarch64";
    entry.choices.accelerator = "tcg";
    entry.choices.machine_type = "virt-7.2";
    if (entry.definition.spec.tpm.enabled) entry.choices.tpm_program = "/usr/bin/swtpm";
    if (model::has_virtiofs(entry.definition.spec)) entry.choices.folder_server = folder_server();
    if (entry.definition.spec.boot.kernel.empty()) {
      entry.choices.firmware = find_firmware(model::Arch::aarch64, model::SecureBoot::off);
    }
    list.push_back(std::move(entry));
  }

  std::vector<Configuration> list;
};

}  // namespace visor::qemu::testing
