#include "qemu/setting_needs.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "base/json.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate_memory.h"
#include "qemu/firmware.h"
#include "qemu/plan.h"
#include "qemu/tpm.h"

namespace visor::qemu {
namespace {

/// What QEMU locks beside the guest's memory.
constexpr Bytes kLockedBesides{std::uint64_t{512} << 20U};

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

Reasons::Map all_reasons(const model::MachineSpec& spec, const HostFacts& facts) {
  Reasons reasons;
  const bool x86 = spec.arch == model::Arch::x86_64;
  const bool emulated = resolve_accelerator(spec, facts.accelerators) == "tcg";
  reasons.add(!x86, fmt::format("Machines of the architecture {} do not have it.", json::enum_name(spec.arch)),
              {"cpu.maximum", "cpu.topology.dies", "cpu.nested", "cpu.hideHypervisor", "cpu.brand", "cpu.physicalBits",
               "cpu.apic", "cpu.legacyOs", "cpu.hyperv"});
  reasons.add(x86 && emulated, "It counts on KVM, which is not used here: " + facts.accelerators.reason(),
              {"cpu.pmu", "cpu.hyperv"});
  reasons.add(!facts.no_control_groups.empty(), facts.no_control_groups,
              {"cpu.weight", "cpu.limitPercent", "cpu.reservePercent", "cpu.pinning.exclusive"});
  reasons.add(!facts.can_set_apart, "Only a visord that runs as root can move the rest of the host off processors.",
              {"cpu.pinning.exclusive"});
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
  reasons.add(memory.locked, "Locked memory is all taken at the start: set memory.locked=false.", {"memory.dynamic.enabled"});
  reasons.add(!facts.no_realtime.empty(), facts.no_realtime, {"cpu.scheduling"});
  reasons.add(!emulated && facts.nested_feature.empty(),
              "KVM of this host does not offer virtualization to guests: load kvm_intel or kvm_amd with nested=1.",
              {"cpu.nested"});
  reasons.add(spec.display.model == model::DisplayModel::none, "The machine has no screen: set display.model.",
              {"display.width", "display.height", "display.tablet", "display.videoMemory"});
  reasons.add(!x86 && spec.display.model == model::DisplayModel::std_,
              "The simple screen of this board has no memory of its own.", {"display.videoMemory"});
  reasons.add(!spec.boot.kernel.empty(), "The machine boots a kernel directly, without firmware.", {"boot.menu", "firmware"});
  add_security(spec, facts, reasons);
  reasons.add(spec.boot.kernel.empty(), "It belongs to a kernel that is booted directly: set boot.kernel.",
              {"boot.initrd", "boot.cmdline"});
  reasons.add(spec.watchdog.model == model::WatchdogModel::none, "The machine has no watchdog: set watchdog.model.",
              {"watchdog.action"});
  reasons.add(!spec.autostart.enabled, "The machine does not start with its host: set autostart.enabled.",
              {"autostart.order", "autostart.delay"});
  return reasons.take();
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
                                                            "memory.merge"};
  const boost::json::value wanted = json::to_json(spec);
  for (const auto& [key, reasons] : all_reasons(spec, facts)) {
    if (std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end()) continue;
    const model::Setting* setting = model::find_setting(key);
    if (model::setting_value(wanted, key) == setting->default_) continue;
    for (const std::string& reason : reasons) {
      validation.refuse("spec." + key, "unsupported", fmt::format("{} cannot be set. {}", setting->title, reason));
    }
  }
}

}  // namespace visor::qemu
