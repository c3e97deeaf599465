#include "qemu/spec_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/cpu_list.h"
#include "base/json.h"
#include "base/text.h"
#include "model/validate_memory.h"
#include "model/validate_processors.h"
#include "qemu/argument_list.h"
#include "qemu/firmware.h"
#include "qemu/plan.h"
#include "qemu/processor_levels.h"
#include "qemu/setting_needs.h"

namespace visor::qemu {
namespace {

/// Under emulation x86 has no interrupt remapping for processors beyond (qemu hw/i386/x86.c: x2APIC ids need it).
constexpr std::uint32_t kEmulatedX86Cpus = 255;
/// The QEMU whose emulation of x86 learned x2APIC.
constexpr std::uint32_t kEmulatedX2apicMajor = 9;
constexpr std::size_t kIdeDisks = 4;

bool chipset_fits(const std::string& chipset, model::Arch arch) {
  if (arch == model::Arch::aarch64) return chipset == "virt";
  return chipset == "q35" || chipset == "i440fx";
}

void check_machine(const model::MachineSpec& spec, const Capabilities& capabilities, Validation& validation) {
  const std::string chipset = resolve_chipset(spec);
  const std::string arch = json::enum_name(spec.arch);
  if (!chipset_fits(chipset, spec.arch)) {
    return validation.refuse("spec.chipset", "unsupported",
                             fmt::format("The chipset '{}' does not exist for {}; use {}.", text::printable(chipset), arch,
                                         spec.arch == model::Arch::aarch64 ? "virt" : "q35 or i440fx"));
  }
  const MachineType* machine = resolve_machine(spec, capabilities);
  if (machine == nullptr) {
    return validation.refuse(spec.machine_version.empty() ? "spec.chipset" : "spec.machineVersion", "unsupported",
                             fmt::format("QEMU {} has no machine type '{}' of the chipset {}.", capabilities.version,
                                         text::printable(spec.machine_version), chipset));
  }
  const std::uint32_t most = model::most_processors(spec.cpu);
  if (most > machine->max_cpus) {
    validation.refuse(
        spec.cpu.count == most ? "spec.cpu.count" : "spec.cpu.maximum", "range",
        fmt::format("{} processors are more than the machine type {} can have ({}).", most, machine->name, machine->max_cpus));
  }
}

void check_accelerator(const model::MachineSpec& spec, const AcceleratorReport& report, Validation& validation) {
  const std::string wanted = resolve_accelerator(spec, report);
  if (wanted.empty()) {
    std::string reasons;
    for (const model::AcceleratorState& state : report.accelerators) reasons += " " + state.reason;
    return validation.refuse("spec.accelerator", "unsupported", "No accelerator of this QEMU works:" + reasons);
  }
  const model::AcceleratorState* state = report.find(wanted);
  if (state == nullptr || !state->usable) {
    validation.refuse(
        "spec.accelerator", "unsupported",
        fmt::format("{} cannot be used on this host: {}", wanted, state != nullptr ? state->reason : "QEMU lacks it."));
  }
}

void check_cpu(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  const std::string accelerator = resolve_accelerator(spec, facts.accelerators);
  const std::string model = resolve_cpu_model(spec, accelerator);
  if (model == "host" && accelerator != "kvm") {
    validation.refuse("spec.cpu.model", "unsupported",
                      "The CPU model 'host' needs KVM, which is not used here: " + facts.accelerators.reason());
  } else if (const ProcessorLevel* level = find_level(model); level != nullptr && spec.arch == model::Arch::x86_64) {
    if (accelerator == "tcg" && !level->emulated) {
      validation.refuse(
          "spec.cpu.model", "unsupported",
          fmt::format("The CPU model '{}' needs KVM, which is not used here: {}", model, facts.accelerators.reason()));
    }
  } else if (model != "host" && !facts.capabilities.has_cpu_model(model)) {
    validation.refuse("spec.cpu.model", "unsupported",
                      fmt::format("QEMU {} has no CPU model '{}'.", facts.capabilities.version, text::printable(model)));
  }
  const std::uint32_t most = model::most_processors(spec.cpu);
  if (accelerator == "tcg" && spec.arch == model::Arch::x86_64 && most > kEmulatedX86Cpus) {
    validation.refuse(spec.cpu.count == most ? "spec.cpu.count" : "spec.cpu.maximum", "range",
                      fmt::format("Without KVM a machine can have at most {} processors, not {}.", kEmulatedX86Cpus, most));
  }
  if (spec.cpu.apic == model::ApicMode::x2apic && accelerator == "tcg" && !facts.capabilities.at_least(kEmulatedX2apicMajor, 0)) {
    validation.refuse("spec.cpu.apic", "unsupported",
                      fmt::format("Without KVM QEMU {} has no x2apic; use auto or xapic.", facts.capabilities.version));
  }
  for (std::size_t i = 0; i < spec.cpu.features.size(); ++i) {
    const std::string name = spec.cpu.features[i].substr(1);
    if (facts.capabilities.has_cpu_feature(name)) continue;
    validation.refuse(fmt::format("spec.cpu.features[{}]", i), "unsupported",
                      fmt::format("QEMU {} knows no processor feature '{}'.", facts.capabilities.version, text::printable(name)));
  }
}

/// Every processor of the host that is named must be there.
void check_pinning(const model::Pinning& pinning, const HostFacts& facts, Validation& validation) {
  const auto check = [&](const std::string& list, const std::string& field) {
    for (const std::uint32_t processor : parse_cpu_list(list).value_or(std::vector<std::uint32_t>())) {
      if (std::binary_search(facts.processors.begin(), facts.processors.end(), processor)) continue;
      return validation.refuse(
          field, "range",
          fmt::format("The host has no processor {} that Visor may use; it has {}.", processor, to_cpu_list(facts.processors)));
    }
  };
  for (std::size_t i = 0; i < pinning.vcpus.size(); ++i) check(pinning.vcpus[i], fmt::format("spec.cpu.pinning.vcpus[{}]", i));
  check(pinning.emulator, "spec.cpu.pinning.emulator");
  check(pinning.io, "spec.cpu.pinning.io");
}

/// Pages and nodes that are named must be there.
void check_memory_of_host(const model::Memory& memory, const HostFacts& facts, Validation& validation) {
  const Bytes page = model::page_bytes(memory.page_size);
  const std::vector<Bytes>& sizes = facts.huge_page_sizes;
  if (memory.page_size != "4KiB" && !sizes.empty() && std::find(sizes.begin(), sizes.end(), page) == sizes.end()) {
    validation.refuse("spec.memory.pageSize", "unsupported",
                      fmt::format("The processor has no pages of {}.", format_bytes(page)));
  }
  for (std::size_t i = 0; i < memory.host_nodes.size(); ++i) {
    for (const std::uint32_t node : parse_cpu_list(memory.host_nodes[i]).value_or(std::vector<std::uint32_t>())) {
      if (std::binary_search(facts.memory_nodes.begin(), facts.memory_nodes.end(), node)) continue;
      validation.refuse(fmt::format("spec.memory.hostNodes[{}]", i), "range",
                        fmt::format("The host has no memory node {}; it has {}.", node, to_cpu_list(facts.memory_nodes)));
      break;
    }
  }
}

void check_disks(const model::MachineSpec& spec, Validation& validation) {
  const std::string chipset = resolve_chipset(spec);
  std::size_t ide = 0;
  for (std::size_t i = 0; i < spec.disks.size(); ++i) {
    const model::Disk& disk = spec.disks[i];
    const std::string field = fmt::format("spec.disks[{}]", i);
    const model::DiskBus bus = resolve_bus(disk, chipset);
    if (bus == model::DiskBus::ide && chipset != "i440fx") {
      validation.refuse(field + ".bus", "unsupported", fmt::format("The chipset {} has no IDE; use sata.", chipset));
    }
    if (bus == model::DiskBus::ide && ++ide > kIdeDisks) {
      validation.refuse(field + ".bus", "unsupported", fmt::format("IDE takes {} disks at most.", kIdeDisks));
    }
    if (disk.device == model::DiskDevice::cdrom && (bus == model::DiskBus::virtio || bus == model::DiskBus::nvme)) {
      validation.refuse(field + ".bus", "unsupported",
                        fmt::format("There is no CD drive on the bus {}; use sata, scsi or usb.", json::enum_name(bus)));
    }
  }
}

void check_boot_order(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  std::map<std::int32_t, std::string> places;
  const auto check = [&](std::int32_t place, const std::string& id, const std::string& field) {
    if (place < 0) return;
    const auto [other, inserted] = places.emplace(place, id);
    if (inserted) return;
    validation.refuse(field, "duplicate",
                      fmt::format("The devices {} and {} have the same place in the boot order.", other->second, id));
  };
  for (std::size_t i = 0; i < spec.disks.size(); ++i) {
    check(spec.disks[i].boot_index, spec.disks[i].id, fmt::format("spec.disks[{}].bootIndex", i));
  }
  for (std::size_t i = 0; i < spec.nics.size(); ++i) {
    const std::string field = fmt::format("spec.nics[{}].bootIndex", i);
    check(spec.nics[i].boot_index, spec.nics[i].id, field);
    if (spec.nics[i].boot_index < 0 || facts.has_network_boot) continue;
    validation.refuse(field, "unsupported",
                      "The programs for network boot are not on this host: install the package ipxe-qemu (`sudo apt install "
                      "ipxe-qemu`).");
  }
}

}  // namespace

std::string resolve_accelerator(const model::MachineSpec& spec, const AcceleratorReport& report) {
  if (spec.accelerator == model::Accelerator::auto_) return report.best();
  return json::enum_name(spec.accelerator);
}

const MachineType* resolve_machine(const model::MachineSpec& spec, const Capabilities& capabilities) {
  const std::string chipset = resolve_chipset(spec);
  if (spec.machine_version.empty() || spec.machine_version == model::kNewestVersion)
    return capabilities.find_machine(machine_alias(chipset));
  if (!machine_is_chipset(spec.machine_version, chipset)) return nullptr;
  return capabilities.find_machine(spec.machine_version);
}

void check_for_qemu(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  const std::string too_old = facts.capabilities.too_old();
  if (!too_old.empty()) validation.refuse("spec.arch", "unsupported", too_old);
  check_machine(spec, facts.capabilities, validation);
  check_accelerator(spec, facts.accelerators, validation);
  check_cpu(spec, facts, validation);
  check_disks(spec, validation);
  check_boot_order(spec, facts, validation);
  const model::AudioModel audio = spec.audio.model;
  if (audio != model::AudioModel::none && !facts.capabilities.has_type(sound_driver(audio))) {
    validation.refuse(
        "spec.audio.model", "unsupported",
        fmt::format("QEMU {} has no sound card '{}'; use hda.", facts.capabilities.version, json::enum_name(audio)));
  }
  check_pinning(spec.cpu.pinning, facts, validation);
  check_memory_of_host(spec.memory, facts, validation);
  check_needs(spec, facts, validation);
  if (wants_firmware(spec) && !facts.has_firmware) {
    validation.refuse(
        "spec.firmware", "unsupported",
        fmt::format("There is no UEFI firmware for {} on this host: install the package {} (`sudo apt install {}`){}.",
                    json::enum_name(spec.arch), firmware_package(spec.arch), firmware_package(spec.arch),
                    spec.arch == model::Arch::x86_64 ? " or use bios" : ""));
  }
  if (spec.firmware == model::Firmware::bios && spec.arch == model::Arch::aarch64 && spec.boot.kernel.empty()) {
    validation.refuse("spec.firmware", "unsupported", "There is no BIOS for aarch64; use uefi, or boot a kernel directly.");
  }
}

}  // namespace visor::qemu
