#include "qemu/setting_needs.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "base/json.h"
#include "model/encryption.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate_memory.h"
#include "model/validate_shares.h"
#include "qemu/arguments.h"
#include "qemu/firmware.h"
#include "qemu/plan.h"
#include "qemu/tpm.h"

namespace visor::qemu {
namespace {

/// What QEMU locks beside the guest's memory.
constexpr Bytes kLockedBesides{std::uint64_t{512} << 20U};

/// The first QEMU that has an encryption (its documentation of qapi/qom.json).
const char* first_qemu(std::string_view encryption) {
  if (encryption == "tdx") return "10.1";
  return encryption == "sev-snp" ? "9.1" : "2.12";
}

/// Notes reasons by key, the most important one first.
class Reasons {
 public:
  using Map = std::map<std::string, std::vector<std::string>>;
  void add(bool missing, const std::string& reason, std::initializer_list<const char*> keys) {
    if (!missing) return;
    for (const char* key : keys) reasons_[key].push_back(reason);
  }
  Map take() { return std::move(reasons_); }

 private:
  Map reasons_;
};

/// TPM and Secure Boot.
void add_security(const model::MachineSpec& spec, const HostFacts& facts, Reasons& reasons) {
  const bool x86 = spec.arch == model::Arch::x86_64;
  const std::string chipset = resolve_chipset(spec);
  reasons.add(!facts.has_tpm_program, "There is no swtpm on this host: install the package swtpm (`sudo apt install swtpm`).",
              {"tpm.enabled"});
  reasons.add(
      !facts.capabilities.has_type(tpm_driver(chipset)),
      fmt::format("QEMU {} was built without the TPM of this board ({}).", facts.capabilities.version, tpm_driver(chipset)),
      {"tpm.enabled"});
  reasons.add(!x86,
              fmt::format("The firmware for {} cannot guard its keys; Secure Boot needs x86_64.", json::enum_name(spec.arch)),
              {"secureBoot"});
  reasons.add(!spec.boot.kernel.empty(), "The machine boots a kernel directly, without firmware that could check it.",
              {"secureBoot"});
  reasons.add(spec.firmware == model::Firmware::bios, "The machine has a BIOS; only UEFI knows Secure Boot.", {"secureBoot"});
  reasons.add(chipset != "q35", fmt::format("The chipset {} cannot guard the firmware's keys; Secure Boot needs q35.", chipset),
              {"secureBoot"});
  reasons.add(!facts.has_secure_firmware,
              fmt::format("The firmware with Secure Boot is not on this host: install the package {} (`sudo apt install {}`).",
                          firmware_package(spec.arch), firmware_package(spec.arch)),
              {"secureBoot"});
}

/// Why no folder can be shared by virtiofs; empty: some can.
std::string virtiofs_problem(const HostFacts& facts) {
  const Capabilities& qemu = facts.capabilities;
  if (!qemu.has_type("vhost-user-fs-pci") || !qemu.has_type("memory-backend-memfd")) {
    return fmt::format("QEMU {} was built without virtiofs.", qemu.version);
  }
  return facts.no_virtiofs;
}

/// Each folder by itself.
void check_virtiofs_needs(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  const std::string problem = virtiofs_problem(facts);
  for (std::size_t i = 0; i < spec.shares.size(); ++i) {
    const model::Share& share = spec.shares[i];
    if (!model::is_virtiofs(share)) continue;
    if (!problem.empty()) {
      validation.refuse(fmt::format("spec.shares[{}].driver", i), "unsupported", problem);
    } else if (share.read_only && !facts.no_virtiofs_read_only.empty()) {
      validation.refuse(fmt::format("spec.shares[{}].readOnly", i), "unsupported", facts.no_virtiofs_read_only);
    }
  }
}

/// Shared folders, serial ports, vsock.
void add_ways_to_the_host(const model::MachineSpec& spec, const HostFacts& facts, Reasons& reasons) {
  reasons.add(!facts.capabilities.has_type("virtio-9p-pci"),
              fmt::format("QEMU {} was built without shared folders (9p).", facts.capabilities.version), {"shares"});
  reasons.add(!facts.no_shares.empty(), facts.no_shares, {"shares"});
  reasons.add(spec.arch != model::Arch::x86_64, fmt::format("The board of {} has one serial port.", json::enum_name(spec.arch)),
              {"serialPorts"});
  reasons.add(!facts.no_vsock.empty(), facts.no_vsock, {"vsock.enabled"});
}

/// What may be saved, on the machine's own processors.
void add_energy_reasons(const model::MachineSpec& spec, const HostFacts& facts, Reasons& reasons) {
  reasons.add(!facts.no_energy.empty(), facts.no_energy, {"cpu.energy"});
  reasons.add(!spec.cpu.pinning.exclusive,
              "It would change processors that others use, too: set cpu.pinning.exclusive, or leave it at auto.", {"cpu.energy"});
  if (!facts.no_energy.empty()) return;
  for (const std::string& value : json::enum_names<model::Energy>()) {
    const std::vector<std::string>& known = facts.energy_values;
    const bool missing = value != "auto" && std::find(known.begin(), known.end(), value) == known.end();
    reasons.add(missing, "The processors of this host do not know this preference.", {("cpu.energy=" + value).c_str()});
  }
}

/// Memory encryption by its values, and what cannot be had together with the one that is set.
void add_encryption_reasons(const model::MachineSpec& spec, const HostFacts& facts, Reasons& reasons) {
  const std::string none = model::no_encryption_reason(spec);
  reasons.add(!none.empty(), none, {"memory.encryption"});
  const bool lockable = !facts.lockable || *facts.lockable >= model::memory_at_start(spec.memory) + kLockedBesides;
  for (const host::EncryptionKind& kind : host::encryption_kinds()) {
    const std::string place = std::string("memory.encryption=") + kind.value;
    const auto missing = facts.encryption.missing.find(kind.value);
    if (missing != facts.encryption.missing.end()) reasons.add(!missing->second.empty(), missing->second, {place.c_str()});
    const char* type = encryption_type(kind.value);
    reasons.add(!facts.capabilities.has_type(type),
                fmt::format("QEMU {} has no {}: {} needs QEMU {} or newer.", facts.capabilities.version, type, kind.name,
                            first_qemu(kind.value)),
                {place.c_str()});
    reasons.add(resolve_accelerator(spec, facts.accelerators) != "kvm",
                "It counts on KVM, which is not used here: " + facts.accelerators.reason(), {place.c_str()});
    model::Memory memory = spec.memory;
    memory.encryption = kind.value;
    const bool has_rom = std::find(facts.roms.begin(), facts.roms.end(), kind.value) != facts.roms.end();
    reasons.add(
        model::has_private_memory(memory) && !has_rom,
        fmt::format("The firmware for {} is not on this host: install the package ovmf (`sudo apt install ovmf`).", kind.name),
        {place.c_str()});
    reasons.add(model::has_pinned_memory(memory) && !lockable,
                "KVM locks all memory of such a machine, and visord may not lock as much: run it as root, or set "
                "LimitMEMLOCK=infinity for its service.",
                {place.c_str()});
  }
  for (const model::EncryptionLimit& limit : model::encryption_limits(spec.memory)) {
    reasons.add(true, limit.reason, {limit.place.c_str()});
  }
}

Reasons::Map all_reasons(const model::MachineSpec& spec, const HostFacts& facts) {
  Reasons reasons;
  const bool x86 = spec.arch == model::Arch::x86_64;
  const bool emulated = resolve_accelerator(spec, facts.accelerators) == "tcg";
  reasons.add(!x86, fmt::format("Machines of the architecture {} do not have it.", json::enum_name(spec.arch)),
              {"cpu.maximum", "cpu.topology.dies", "cpu.nested", "cpu.hideHypervisor", "cpu.brand", "cpu.physicalBits",
               "cpu.apic", "cpu.legacyOs", "cpu.hyperv", "cpu.mitigations", "memory.maximum"});
  reasons.add(x86 && emulated, "It counts on KVM, which is not used here: " + facts.accelerators.reason(),
              {"cpu.pmu", "cpu.hyperv", "cpu.mitigations"});
  reasons.add(!facts.no_control_groups.empty(), facts.no_control_groups,
              {"cpu.weight", "cpu.limitPercent", "cpu.reservePercent", "cpu.pinning.exclusive", "cpu.frequency"});
  reasons.add(!facts.no_frequency_hints.empty(), facts.no_frequency_hints, {"cpu.frequency"});
  reasons.add(!facts.can_set_apart, "Only a visord that runs as root can move the rest of the host off processors.",
              {"cpu.pinning.exclusive"});
  add_energy_reasons(spec, facts, reasons);
  const model::Memory& memory = spec.memory;
  reasons.add(facts.huge_page_sizes.empty(), "The kernel of this host has no huge pages.", {"memory.pageSize"});
  const Bytes wanted = model::memory_at_start(memory) + kLockedBesides;
  reasons.add(facts.lockable && *facts.lockable < wanted,
              fmt::format("visord may lock {} of memory and not {}: run it as root, or set LimitMEMLOCK=infinity for its "
                          "service.",
                          format_bytes(facts.lockable.value_or(Bytes())), format_bytes(wanted)),
              {"memory.locked"});
  reasons.add(!memory.dynamic.enabled, "The machine has no dynamic memory: set memory.dynamic.enabled.",
              {"memory.dynamic.minimum", "memory.dynamic.maximum", "memory.dynamic.bufferPercent", "memory.weight"});
  reasons.add(memory.page_size != "4KiB", "Huge pages cannot be given back one by one: set memory.pageSize=4KiB.",
              {"memory.dynamic.enabled"});
  reasons.add(memory.page_size != "4KiB", "The kernel merges no huge pages.", {"memory.merge"});
  reasons.add(model::has_virtiofs(spec), "The kernel merges no memory that another process has, too, as virtiofs needs it.",
              {"memory.merge"});
  reasons.add(memory.page_size == "4KiB", "The machine has no huge pages: set memory.pageSize.", {"memory.pageFallback"});
  reasons.add(!facts.capabilities.has_type("virtio-mem-pci"),
              fmt::format("QEMU {} was built without virtio-mem.", facts.capabilities.version), {"memory.maximum"});
  reasons.add(memory.dynamic.enabled, "Dynamic memory has bounds of its own: set memory.dynamic.enabled=false.",
              {"memory.maximum"});
  reasons.add(memory.locked, "Locked memory is all taken at the start: set memory.locked=false.", {"memory.dynamic.enabled"});
  add_ways_to_the_host(spec, facts, reasons);
  reasons.add(!facts.no_realtime.empty(), facts.no_realtime, {"cpu.scheduling=realtime"});
  reasons.add(!facts.no_core_scheduling.empty(), facts.no_core_scheduling, {"cpu.scheduling=core"});
  reasons.add(!emulated && facts.nested_feature.empty(),
              "KVM of this host does not offer virtualization to guests: load kvm_intel or kvm_amd with nested=1.",
              {"cpu.nested"});
  reasons.add(spec.display.model == model::DisplayModel::none, "The machine has no screen: set display.model.",
              {"display.width", "display.height", "display.tablet", "display.videoMemory"});
  reasons.add(!x86 && spec.display.model == model::DisplayModel::std_,
              "The simple screen of this board has no memory of its own.", {"display.videoMemory"});
  reasons.add(!spec.boot.kernel.empty(), "The machine boots a kernel directly, without firmware.", {"boot.menu", "firmware"});
  add_security(spec, facts, reasons);
  add_encryption_reasons(spec, facts, reasons);
  reasons.add(spec.boot.kernel.empty(), "It belongs to a kernel that is booted directly: set boot.kernel.",
              {"boot.initrd", "boot.cmdline"});
  reasons.add(spec.watchdog.model == model::WatchdogModel::none, "The machine has no watchdog: set watchdog.model.",
              {"watchdog.action"});
  reasons.add(!spec.autostart.enabled, "The machine does not start with its host: set autostart.enabled.",
              {"autostart.order", "autostart.delay"});
  return reasons.take();
}

/// Reasons stand under a setting's key, or under one of its values ("cpu.scheduling=core").
struct Place {
  std::string key;
  std::string value;  ///< empty: the setting as a whole
};

Place place_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  return equals == std::string::npos ? Place{text, ""} : Place{text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

std::map<std::string, std::string> unavailable_settings(const model::MachineSpec& spec, const HostFacts& facts) {
  std::map<std::string, std::string> first;
  for (const auto& [key, reasons] : all_reasons(spec, facts)) first[key] = reasons.front();
  return first;
}

void check_needs(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  // What merely has no effect (the size of a screen that is not there) may stay for later.
  static const std::initializer_list<const char*> kHarmless{"firmware",
                                                            "boot.menu",
                                                            "display.width",
                                                            "display.height",
                                                            "display.tablet",
                                                            "display.videoMemory",
                                                            "watchdog.action",
                                                            "autostart.order",
                                                            "autostart.delay",
                                                            "memory.dynamic.minimum",
                                                            "memory.dynamic.maximum",
                                                            "memory.dynamic.bufferPercent",
                                                            "memory.weight",
                                                            "memory.pageFallback",
                                                            "memory.merge",
                                                            "onReboot"};
  check_virtiofs_needs(spec, facts, validation);
  const boost::json::value wanted = json::to_json(spec);
  for (const auto& [place, reasons] : all_reasons(spec, facts)) {
    const auto [key, value] = place_of(place);
    if (std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end()) continue;
    const model::Setting* setting = model::find_setting(key);
    const boost::json::value now = model::setting_value(wanted, key);
    if (value.empty() ? now == setting->default_ : now != boost::json::value(value)) continue;
    for (const std::string& reason : reasons) {
      validation.refuse("spec." + key, "unsupported", fmt::format("{} cannot be set. {}", setting->title, reason));
    }
  }
}

}  // namespace visor::qemu
