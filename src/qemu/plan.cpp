#include "qemu/plan.h"

#include <utility>

#include "base/json.h"
#include "qemu/process_record.h"
#include "qemu/vsock.h"

namespace visor::qemu {
namespace {

/// Hands out descriptor and set numbers. Below ten stay free for what the C library and QEMU open by themselves early.
class Numbers {
 public:
  int next() { return next_++; }
  PlannedFile file(std::filesystem::path path, bool writable, std::string label) {
    PlannedFile planned;
    planned.path = std::move(path);
    planned.writable = writable;
    planned.descriptor = next();
    planned.set = set_++;
    planned.label = std::move(label);
    return planned;
  }

 private:
  int next_ = 10;
  int set_ = 1;
};

const hypervisor::ResolvedDisk* find_resolved(const hypervisor::MachineDefinition& definition, const std::string& id) {
  for (const hypervisor::ResolvedDisk& disk : definition.disks) {
    if (disk.disk_id == id) return &disk;
  }
  return nullptr;
}

PlannedDisk plan_disk(const hypervisor::MachineDefinition& definition, std::size_t index, Numbers& numbers) {
  const model::Disk& disk = definition.spec.disks[index];
  PlannedDisk planned{disk.id, {}};
  const hypervisor::ResolvedDisk* resolved = find_resolved(definition, disk.id);
  if (resolved == nullptr) return planned;
  const bool may_write = disk.device == model::DiskDevice::disk && !disk.read_only;
  for (std::size_t layer = 0; layer < resolved->layers.size(); ++layer) {
    PlannedFile file = numbers.file(resolved->layers[layer].path, may_write && layer == 0,
                                    "disk" + std::to_string(index) + "." + std::to_string(layer));
    file.disk_id = disk.id;
    planned.layers.push_back(std::move(file));
  }
  return planned;
}

}  // namespace

std::string resolve_chipset(const model::MachineSpec& spec) {
  if (spec.chipset != "auto" && !spec.chipset.empty()) return spec.chipset;
  return spec.arch == model::Arch::aarch64 ? "virt" : "q35";
}

std::string resolve_cpu_model(const model::MachineSpec& spec, const std::string& accelerator) {
  if (spec.cpu.model != "auto" && !spec.cpu.model.empty()) return spec.cpu.model;
  return accelerator == "kvm" ? "host" : "max";
}

std::string variables_name(model::SecureBoot secure_boot) {
  // Each kind of firmware starts from keys of its own: changing to another one and back loses nothing.
  return secure_boot == model::SecureBoot::off ? "nvram.fd" : "nvram-" + json::enum_name(secure_boot) + ".fd";
}

std::filesystem::path variables_file(const hypervisor::MachineDefinition& definition) {
  return definition.state_directory / variables_name(definition.spec.secure_boot);
}

Plan make_plan(const hypervisor::MachineDefinition& definition, Choices choices) {
  const model::MachineSpec& spec = definition.spec;
  Numbers numbers;
  Plan plan;
  plan.control_socket = numbers.next();
  plan.people_socket = numbers.next();
  plan.serial_socket = numbers.next();
  if (spec.guest_agent) plan.agent_socket = numbers.next();
  plan.serial_log = numbers.file(definition.runtime_directory / "serial.log", true, "serial-log");
  if (choices.firmware) {
    plan.firmware = PlannedFirmware{numbers.file(choices.firmware->code, false, "firmware-code"),
                                    numbers.file(variables_file(definition), true, "firmware-variables")};
  }
  if (!spec.boot.kernel.empty()) plan.kernel = numbers.next();
  if (!spec.boot.kernel.empty() && !spec.boot.initrd.empty()) plan.initrd = numbers.next();
  for (std::size_t i = 0; i < spec.disks.size(); ++i) plan.disks.push_back(plan_disk(definition, i, numbers));
  if (definition.seed) plan.seed = numbers.file(*definition.seed, false, "seed");
  if (spec.tpm.enabled) plan.tpm_socket = numbers.next();
  for (const model::Share& share : spec.shares) plan.shares.push_back({share, numbers.next()});
  for (std::uint32_t port = 1; port < spec.serial_ports; ++port) {
    const std::string log = serial_log_name(port);
    plan.more_serials.push_back({numbers.next(), numbers.file(definition.runtime_directory / log, true, log)});
  }
  if (spec.vsock.enabled) {
    plan.vsock = numbers.next();
    plan.vsock_cid = vsock_address(definition.id);
  }
  for (const model::Nic& nic : spec.nics) plan.forwards.push_back(nic.forwards);
  plan.choices = std::move(choices);
  return plan;
}

std::vector<PlannedFile> planned_files(const Plan& plan) {
  std::vector<PlannedFile> files{plan.serial_log};
  if (plan.firmware) {
    files.push_back(plan.firmware->code);
    files.push_back(plan.firmware->variables);
  }
  for (const PlannedDisk& disk : plan.disks) files.insert(files.end(), disk.layers.begin(), disk.layers.end());
  if (plan.seed) files.push_back(*plan.seed);
  for (const PlannedSerial& serial : plan.more_serials) files.push_back(serial.log);
  return files;
}

}  // namespace visor::qemu
