#include "qemu/host_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "qemu/accelerator_probe.h"
#include "qemu/capabilities.h"
#include "qemu/firmware.h"

namespace visor::qemu {
namespace {

using model::CheckFeature;
using model::CheckState;
using model::HostCheck;

void propose_package(HostCheck& check, const std::string& package) {
  check.fix = fmt::format("Install the package {}.", package);
  check.command = "sudo apt install " + package;
}

HostCheck check_program_of(model::Arch arch, const model::QemuInfo* info, bool needed) {
  const std::string name = json::enum_name(arch);
  HostCheck check{.id = "qemu." + name, .feature = CheckFeature::qemu, .title = fmt::format("QEMU for {}", name)};
  check.needed = needed;
  if (info == nullptr) {
    check.state = CheckState::missing;
    check.reason = fmt::format("There is no {} on this host.", program_name(arch));
    propose_package(check, program_package(arch));
  } else if (!info->problem.empty()) {
    check.state = CheckState::missing;
    check.reason = info->problem;
  } else {
    check.reason = fmt::format("{} is version {} and uses {}.", info->path, info->version, info->accelerator);
  }
  return check;
}

/// Whether guests of the host's own architecture really run with KVM; those of others never do.
HostCheck check_accelerator_of(const model::QemuInfo& info) {
  HostCheck check{.id = "accelerator." + json::enum_name(info.arch),
                  .feature = CheckFeature::virtualization,
                  .title = "Hardware acceleration (KVM)"};
  check.needed = true;
  std::string reasons;
  for (const model::AcceleratorState& state : info.accelerators) {
    if (!state.usable) reasons += (reasons.empty() ? "" : " ") + state.reason;
  }
  if (info.accelerator == "kvm") {
    check.reason = "A test guest has run with KVM.";
  } else if (!info.accelerator.empty()) {
    check.state = CheckState::limited;
    check.reason = fmt::format("Machines are emulated, which is slow and no security boundary. {}", reasons);
  } else {
    check.state = CheckState::missing;
    check.reason = reasons;
  }
  return check;
}

HostCheck check_firmware_of(model::Arch arch, const std::filesystem::path& root) {
  const std::string name = json::enum_name(arch);
  HostCheck check{.id = "firmware." + name, .feature = CheckFeature::qemu, .title = fmt::format("UEFI firmware for {}", name)};
  if (const auto firmware = find_firmware(arch, model::SecureBoot::off, root)) {
    check.reason = fmt::format("{} is there.", firmware->code.native());
  } else {
    check.state = CheckState::missing;
    check.reason = "The files are not where the package puts them: machines with UEFI cannot start.";
    propose_package(check, firmware_package(arch));
  }
  return check;
}

}  // namespace

std::vector<HostCheck> qemu_checks(const std::vector<model::QemuInfo>& found, const std::filesystem::path& root) {
  std::vector<HostCheck> checks;
  for (const model::Arch arch : kArchs) {
    const bool own = json::enum_name(arch) == host_arch();
    const auto info = std::find_if(found.begin(), found.end(), [arch](const model::QemuInfo& one) { return one.arch == arch; });
    const bool there = info != found.end();
    if (own && there && info->problem.empty()) checks.push_back(check_accelerator_of(*info));
    checks.push_back(check_program_of(arch, there ? &*info : nullptr, own));
    if (there) checks.push_back(check_firmware_of(arch, root));
  }
  return checks;
}

}  // namespace visor::qemu
