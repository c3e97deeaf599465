#include "qemu/setting_needs.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <boost/json.hpp>

#include "base/json.h"
#include "model/setting_value.h"
#include "model/settings.h"

namespace visor::qemu {
namespace {

/// Notes reasons by key; the first one for a key stays.
class Reasons {
 public:
  void add(bool missing, const std::string& reason, std::initializer_list<const char*> keys) {
    if (!missing) return;
    for (const char* key : keys) reasons_.emplace(key, reason);
  }
  std::map<std::string, std::string> take() { return std::move(reasons_); }

 private:
  std::map<std::string, std::string> reasons_;
};

}  // namespace

std::map<std::string, std::string> unavailable_settings(const model::MachineSpec& spec, const HostFacts& facts) {
  Reasons reasons;
  const bool x86 = spec.arch == model::Arch::x86_64;
  const bool emulated = resolve_accelerator(spec, facts.accelerators) == "tcg";
  reasons.add(!x86, fmt::format("Machines of the architecture {} do not have it.", json::enum_name(spec.arch)),
              {"cpu.maximum", "cpu.topology.dies", "cpu.nested", "cpu.hideHypervisor", "cpu.brand", "cpu.physicalBits",
               "cpu.apic", "cpu.legacyOs"});
  reasons.add(x86 && emulated, "It counts on KVM, which is not used here: " + facts.accelerators.reason(), {"cpu.pmu"});
  reasons.add(!emulated && facts.nested_feature.empty(),
              "KVM of this host does not offer virtualization to guests: load kvm_intel or kvm_amd with nested=1.",
              {"cpu.nested"});
  reasons.add(spec.display.model == model::DisplayModel::none, "The machine has no screen: set display.model.",
              {"display.width", "display.height", "display.tablet"});
  reasons.add(!spec.boot.kernel.empty(), "The machine boots a kernel directly, without firmware.", {"boot.menu", "firmware"});
  reasons.add(spec.boot.kernel.empty(), "It belongs to a kernel that is booted directly: set boot.kernel.",
              {"boot.initrd", "boot.cmdline"});
  reasons.add(spec.watchdog.model == model::WatchdogModel::none, "The machine has no watchdog: set watchdog.model.",
              {"watchdog.action"});
  reasons.add(!spec.autostart.enabled, "The machine does not start with its host: set autostart.enabled.",
              {"autostart.order", "autostart.delay"});
  return reasons.take();
}

void check_needs(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation) {
  // What merely has no effect (the size of a screen that is not there) may stay for later.
  static const std::initializer_list<const char*> kHarmless{"firmware",        "boot.menu",      "display.width",
                                                            "display.height",  "display.tablet", "watchdog.action",
                                                            "autostart.order", "autostart.delay"};
  const boost::json::value wanted = json::to_json(spec);
  for (const auto& [key, reason] : unavailable_settings(spec, facts)) {
    if (std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end()) continue;
    const model::Setting* setting = model::find_setting(key);
    if (model::setting_value(wanted, key) == setting->default_) continue;
    validation.refuse("spec." + key, "unsupported", fmt::format("{} cannot be set. {}", setting->title, reason));
  }
}

}  // namespace visor::qemu
