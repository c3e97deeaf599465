// -cpu and -smp.
#include <fmt/format.h>

#include "model/validate_processors.h"
#include "qemu/argument_list.h"
#include "qemu/processor_levels.h"

namespace visor::qemu {
namespace {

/// CPUID leaves that systems know which were made before the Pentium 4 (Intel SDM, IA32_MISC_ENABLE bit 22).
constexpr int kOldestLeaves = 2;

/// What `auto` leaves out under emulation costs time there: fast string operations (ERMS) are done byte by byte, five-level
/// paging makes each look-up longer, and nested virtualization makes the guest load its hypervisor modules.
std::string automatic_features(const ArgumentInput& input) {
  const model::Cpu& cpu = input.spec().cpu;
  const bool chosen = cpu.model != "auto" && !cpu.model.empty();
  if (chosen || input.plan.choices.accelerator != "tcg" || !input.x86()) return "";
  std::string features = ",la57=off,erms=off";
  if (cpu.nested == model::Toggle::auto_) features += ",svm=off";
  // Without nested virtualization CPUID would end before the leaves of the processor's name and of its address bits.
  if (cpu.nested != model::Toggle::on) features += ",min-xlevel=0x80000008";
  // The emulated model is AMD's, which tells of sibling threads by a leaf (topoext) that QEMU does not emulate.
  if (cpu.topology.threads > 1) features += ",vendor=GenuineIntel";
  return features;
}

std::string nested_features(const ArgumentInput& input) {
  switch (input.spec().cpu.nested) {
    case model::Toggle::auto_: return "";
    case model::Toggle::on: return fmt::format(",{}=on", input.plan.choices.nested_feature);
    case model::Toggle::off: return ",vmx=off,svm=off";
  }
  return "";
}

std::string switched(const char* feature, model::Toggle toggle) {
  if (toggle == model::Toggle::auto_) return "";
  return fmt::format(",{}={}", feature, toggle == model::Toggle::on ? "on" : "off");
}

/// QEMU docs/system/i386/hyperv.rst: those that every KVM of the supported kernels has; each needs the ones before it.
constexpr std::string_view kEnlightenments =
    ",hv-relaxed=on,hv-vapic=on,hv-spinlocks=0x1fff,hv-vpindex=on,hv-runtime=on,hv-time=on,hv-synic=on,hv-stimer=on,"
    "hv-frequencies=on,hv-reset=on,hv-tlbflush=on,hv-ipi=on";

/// KVM does them; emulation does not know them.
bool wants_enlightenments(const ArgumentInput& input) {
  if (input.plan.choices.accelerator != "kvm" || !input.x86()) return false;
  const model::Toggle wanted = input.spec().cpu.hyperv;
  return wanted == model::Toggle::on || (wanted == model::Toggle::auto_ && input.spec().os.family == model::OsFamily::windows);
}

/// The model and what it is made of. A level that the host cannot keep is no level: QEMU refuses to start then.
std::string model_value(const ArgumentInput& input) {
  const std::string model = resolve_cpu_model(input.spec(), input.plan.choices.accelerator);
  const ProcessorLevel* level = find_level(model);
  return level == nullptr ? escape_option(model) : fmt::format("{},svm=off{},enforce=on", kLevelBase, level->features);
}

/// What processors offer against attacks by speculation, under the names of both makers.
std::string mitigations(model::Toggle wanted) {
  std::string value;
  for (const char* name : {"spec-ctrl", "stibp", "ssbd", "md-clear", "ibpb", "ibrs", "amd-stibp", "amd-ssbd", "virt-ssbd"}) {
    value += switched(name, wanted);
  }
  return value;
}

/// Texts in it are checked by check_processors(): there is no way to write a comma here.
std::string cpu_value(const ArgumentInput& input) {
  const model::Cpu& cpu = input.spec().cpu;
  std::string value = model_value(input);
  value += automatic_features(input) + nested_features(input);
  if (wants_enlightenments(input)) value += kEnlightenments;
  if (cpu.hide_hypervisor) value += ",kvm=off,hypervisor=off";
  value += switched("pmu", cpu.pmu);
  if (input.x86()) value += mitigations(cpu.mitigations);
  if (cpu.physical_bits != 0) value += fmt::format(",host-phys-bits=off,phys-bits={}", cpu.physical_bits);
  if (cpu.apic != model::ApicMode::auto_) value += cpu.apic == model::ApicMode::x2apic ? ",x2apic=on" : ",x2apic=off";
  if (cpu.legacy_os) value += fmt::format(",level={}", kOldestLeaves);
  if (!cpu.brand.empty()) value += ",model-id=" + cpu.brand;
  for (const std::string& feature : cpu.features) {
    value += fmt::format(",{}={}", feature.substr(1), feature.front() == '+' ? "on" : "off");
  }
  return value;
}

std::string smp_value(const model::Cpu& cpu) {
  // Checked before: a topology that does not fit never comes here.
  const model::CpuTopology topology = model::resolve_topology(cpu).value_or(model::CpuTopology{1, 1, cpu.count, 1});
  const std::string dies = topology.dies > 1 ? fmt::format("dies={},", topology.dies) : "";
  return fmt::format("{},sockets={},{}cores={},threads={},maxcpus={}", cpu.count, topology.sockets, dies, topology.cores,
                     topology.threads, model::most_processors(cpu));
}

}  // namespace

void add_processors(const ArgumentInput& input, ArgumentList& list) {
  list.add("-cpu", cpu_value(input), "spec.cpu.model",
           {"spec.cpu.features", "spec.cpu.topology.threads", "spec.cpu.nested", "spec.cpu.hideHypervisor", "spec.cpu.pmu",
            "spec.cpu.mitigations", "spec.cpu.physicalBits", "spec.cpu.apic", "spec.cpu.legacyOs", "spec.cpu.brand",
            "spec.cpu.hyperv", "spec.os.family"});
  list.add("-smp", smp_value(input.spec().cpu), "spec.cpu.count", {"spec.cpu.maximum", "spec.cpu.topology"});
}

}  // namespace visor::qemu
