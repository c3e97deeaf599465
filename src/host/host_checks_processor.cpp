// Hardware virtualization, nested virtualization, and what keeps machines apart.
#include <fmt/format.h>

#include "base/text.h"
#include "host/host_checks_parts.h"
#include "host/memory_encryption.h"
#include "os/file.h"

namespace visor::host {
namespace {

using model::CheckFeature;
using model::CheckState;
using model::HostCheck;

void check_processor(CheckList& list) {
  const std::string cpuinfo = os::read_file_if_any(list.root / "proc/cpuinfo").value_or("");
  const std::optional<bool> intel = has_cpu_flag(cpuinfo, "vmx");
  if (!intel) return;  // other architectures have no flag for it: whether KVM works tells it
  HostCheck check{.id = "cpu.virtualization", .feature = CheckFeature::virtualization, .title = "Processor virtualization"};
  if (*intel) {
    check.reason = "The processor has vmx (Intel VT-x), says /proc/cpuinfo.";
  } else if (has_cpu_flag(cpuinfo, "svm").value_or(false)) {
    check.reason = "The processor has svm (AMD-V), says /proc/cpuinfo.";
  } else if (has_cpu_flag(cpuinfo, "hypervisor").value_or(false)) {
    check.state = CheckState::missing;
    check.reason = "This host is itself a virtual machine, and /proc/cpuinfo shows neither vmx nor svm.";
    check.fix = "Switch on nested virtualization for it on its own host.";
  } else {
    check.state = CheckState::missing;
    check.reason = "Neither vmx nor svm is among the flags in /proc/cpuinfo.";
    check.fix = "Switch on VT-x or SVM in the firmware setup of this host.";
  }
  list.add(std::move(check));
}

void check_nested(CheckList& list) {
  HostCheck check{.id = "cpu.nested", .feature = CheckFeature::virtualization, .title = "Nested virtualization"};
  for (const char* module : {"kvm_intel", "kvm_amd"}) {
    const std::string file = fmt::format("sys/module/{}/parameters/nested", module);
    const std::optional<std::string> value = list.text_of(file);
    if (!value) continue;
    const bool on = value->starts_with('1') || value->starts_with('Y');
    check.state = on ? CheckState::ok : CheckState::off;
    check.reason = on ? fmt::format("/{} is {}: guests can run virtual machines themselves.", file, *value)
                      : fmt::format("/{} is {}: guests cannot run virtual machines themselves.", file, *value);
    if (!on) {
      check.fix = "Switch it on, then restart the host.";
      check.command = fmt::format("echo 'options {} nested=1' | sudo tee /etc/modprobe.d/visor-nested.conf", module);
    }
    return list.add(std::move(check));
  }
  check.state = CheckState::missing;
  check.reason = "Neither of the kernel modules kvm_intel and kvm_amd is loaded, so KVM offers no virtualization to guests.";
  list.add(std::move(check));
}

void check_landlock(CheckList& list) {
  HostCheck check{.id = "landlock", .feature = CheckFeature::security, .title = "Landlock"};
  if (list.surroundings.landlock > 0) {
    check.reason = fmt::format("The kernel has version {}: QEMU sees only the files of its machine.", list.surroundings.landlock);
  } else {
    check.state = CheckState::missing;
    check.reason = "The kernel says that it has no Landlock: QEMU is not kept from the files that its user may read.";
    check.fix = "Linux 5.13 or later has it; add landlock to the kernel parameter lsm= and restart the host.";
  }
  list.add(std::move(check));
}

void check_seccomp(CheckList& list) {
  HostCheck check{.id = "seccomp", .feature = CheckFeature::security, .title = "System call filter"};
  const std::string status = os::read_file_if_any(list.root / "proc/self/status").value_or("");
  if (status.find("\nSeccomp:") != std::string::npos) {
    check.reason = "The kernel has seccomp, says /proc/self/status: QEMU cannot start programs or gain rights.";
  } else {
    check.state = CheckState::missing;
    check.reason = "There is no seccomp in /proc/self/status: this kernel was built without it.";
  }
  list.add(std::move(check));
}

/// The user that QEMU becomes when the daemon is root.
void check_qemu_user(CheckList& list) {
  HostCheck check{.id = "qemu.user", .feature = CheckFeature::security, .title = "User of QEMU"};
  const std::string passwd = "\n" + os::read_file_if_any(list.root / "etc/passwd").value_or("");
  if (list.surroundings.user != 0) {
    check.reason = fmt::format("QEMU runs as the daemon's own user, number {}.", list.surroundings.user);
  } else if (passwd.find("\nvisor-qemu:") != std::string::npos) {
    check.reason = "QEMU runs as the user visor-qemu of /etc/passwd, which nothing else uses.";
  } else {
    check.state = CheckState::limited;
    check.reason = "QEMU runs as nobody, which other services may use, too: /etc/passwd has no visor-qemu.";
    check.fix = "Make a user that only QEMU uses.";
    check.command = "sudo useradd --system --no-create-home --shell /usr/sbin/nologin visor-qemu";
  }
  list.add(std::move(check));
}

void check_encryption(CheckList& list) {
  HostCheck check{.id = "memory.encryption", .feature = CheckFeature::security, .title = "Memory encryption"};
  std::string off;
  for (const EncryptionKind& kind : encryption_kinds()) {
    const std::string file = parameter_file(kind);
    const std::string value = list.text_of(file).value_or("");
    if (value.empty()) continue;
    if (value.starts_with('Y') || value.starts_with('1')) {
      check.reason = fmt::format("/{} is {}: this host has {}.", file, value, kind.name);
      return list.add(std::move(check));
    }
    if (!off.empty()) continue;
    off = fmt::format("The parameter /{} is {}.", file, value);
    check.command = switch_on_command(kind);
  }
  check.state = off.empty() ? CheckState::missing : CheckState::off;
  check.reason = off.empty() ? "Neither kvm_amd nor kvm_intel offers SEV or TDX below /sys/module." : off;
  if (!off.empty()) check.fix = "Where the processor has it: switch it on in the firmware setup and here, then restart the host.";
  list.add(std::move(check));
}

}  // namespace

std::optional<bool> has_cpu_flag(std::string_view cpuinfo, std::string_view flag) {
  const std::size_t at = cpuinfo.starts_with("flags") ? 0 : cpuinfo.find("\nflags");
  if (at == std::string_view::npos) return std::nullopt;
  cpuinfo.remove_prefix(at + (cpuinfo[at] == '\n' ? 1 : 0));
  const std::string_view line = cpuinfo.substr(0, cpuinfo.find('\n'));
  for (const std::string& word : text::split(line, ' ')) {
    if (text::trim(word) == flag) return true;
  }
  return false;
}

void check_virtualization(CheckList& list) {
  check_processor(list);
  check_nested(list);
}

void check_security(CheckList& list) {
  check_landlock(list);
  check_seccomp(list);
  check_qemu_user(list);
  check_encryption(list);
}

}  // namespace visor::host
