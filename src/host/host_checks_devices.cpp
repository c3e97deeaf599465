// Passthrough, limits per machine, devices that the daemon's user may use, and programs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "host/host_checks_parts.h"
#include "host/host_reader.h"
#include "os/cgroup.h"
#include "os/file.h"

namespace visor::host {
namespace {

using model::CheckFeature;
using model::CheckState;
using model::HostCheck;

void check_iommu(CheckList& list) {
  HostCheck check{.id = "iommu", .feature = CheckFeature::passthrough, .title = "IOMMU"};
  const std::size_t groups = list.entries_of("sys/kernel/iommu_groups");
  const bool intel = list.exists("sys/firmware/acpi/tables/DMAR");
  if (groups > 0) {
    check.reason = fmt::format("/sys/kernel/iommu_groups has {} groups: devices can be handed to machines.", groups);
  } else if (intel || list.exists("sys/firmware/acpi/tables/IVRS")) {
    check.state = CheckState::off;
    check.reason = fmt::format("The firmware describes an IOMMU (/sys/firmware/acpi/tables/{}), but the kernel does not use it.",
                               intel ? "DMAR" : "IVRS");
    check.fix = fmt::format("Add {} to GRUB_CMDLINE_LINUX in /etc/default/grub, run the command, then restart the host.",
                            intel ? "intel_iommu=on iommu=pt" : "amd_iommu=on iommu=pt");
    check.command = "sudo update-grub";
  } else {
    check.state = CheckState::missing;
    check.reason = "/sys/kernel/iommu_groups is empty and the firmware describes no IOMMU: no device can be handed to a machine.";
    check.fix = "If the board has one, switch on VT-d or AMD-Vi (IOMMU) in the firmware setup.";
  }
  list.add(std::move(check));
}

/// State, reason and way out of a kernel module that may have to be loaded.
void describe_module(const CheckList& list, const std::string& module, HostCheck& check) {
  const CheckList::Module found = list.module(module);
  if (found == CheckList::Module::present) {
    check.state = CheckState::missing;
    check.reason = fmt::format("The kernel has {}, but nobody has made the device file.", module);
  } else if (found == CheckList::Module::loadable) {
    check.state = CheckState::off;
    check.reason = fmt::format("The kernel module {} is installed but not loaded.", module);
    check.fix = "Load it now; a file in /etc/modules-load.d loads it at every start.";
    check.command = fmt::format("sudo modprobe {}", module);
  } else {
    check.state = CheckState::missing;
    check.reason = fmt::format("Neither /sys/module nor /lib/modules has {}: the running kernel comes without it.", module);
  }
}

void check_vfio(CheckList& list) {
  HostCheck check{.id = "vfio", .feature = CheckFeature::passthrough, .title = "VFIO"};
  if (list.module("vfio_pci") == CheckList::Module::present) {
    check.reason = "The kernel has the driver vfio-pci, which hands devices to machines.";
  } else {
    describe_module(list, "vfio_pci", check);
  }
  list.add(std::move(check));
}

constexpr std::array<const char*, 4> kWantedControllers{"cpu", "cpuset", "io", "memory"};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void check_controllers(CheckList& list, const std::string& folder) {
  HostCheck check{.id = "cgroup.controllers", .feature = CheckFeature::control, .title = "Cgroup controllers"};
  const std::string file = folder + "/cgroup.controllers";
  const std::vector<std::string> words = text::split(list.text_of(file).value_or(""), ' ');
  std::vector<std::string> missing;
  for (const char* wanted : kWantedControllers) {
    if (std::find(words.begin(), words.end(), wanted) == words.end()) missing.emplace_back(wanted);
  }
  if (!list.surroundings.may_write(list.root / folder)) {
    check.state = CheckState::missing;
    check.reason = fmt::format("The daemon may not make groups in /{}.", folder);
  } else if (!missing.empty()) {
    check.state = missing.size() == kWantedControllers.size() ? CheckState::missing : CheckState::limited;
    check.reason = fmt::format("/{} lacks {}: what they limit cannot be limited per machine.", file, join(missing));
  } else {
    check.reason = fmt::format("/{} has all that machines are limited by: {}.", file,
                               join({kWantedControllers.begin(), kWantedControllers.end()}));
  }
  if (check.state != CheckState::ok && list.surroundings.user != 0) {
    check.fix = "Let systemd delegate them to users: run the command, then log out and in again.";
    check.command =
        "printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo install -D /dev/stdin "
        "/etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload";
  }
  list.add(std::move(check));
}

void check_cgroups(CheckList& list) {
  HostCheck check{.id = "cgroup", .feature = CheckFeature::control, .title = "Control groups (cgroup v2)"};
  if (list.exists("sys/fs/cgroup/cgroup.controllers")) {
    check.reason = "/sys/fs/cgroup is cgroup v2 alone.";
    list.add(std::move(check));
    const bool root = list.surroundings.user == 0;
    return check_controllers(list, root ? "sys/fs/cgroup" : "sys/fs/cgroup/" + os::own_cgroup(list.root).value_or(""));
  }
  check.fix =
      "Add systemd.unified_cgroup_hierarchy=1 to GRUB_CMDLINE_LINUX in /etc/default/grub, run the command, then restart the "
      "host.";
  check.command = "sudo update-grub";
  if (list.exists("sys/fs/cgroup/unified/cgroup.controllers")) {
    check.state = CheckState::limited;
    check.reason = "cgroup v2 is only at /sys/fs/cgroup/unified; the controllers are in the old hierarchies (v1).";
    list.add(std::move(check));
    return check_controllers(list, "sys/fs/cgroup/unified");
  }
  check.state = CheckState::missing;
  check.reason = "There is no cgroup v2 below /sys/fs/cgroup.";
  list.add(std::move(check));
}

void check_pressure(CheckList& list) {
  HostCheck check{.id = "psi", .feature = CheckFeature::control, .title = "Pressure figures (PSI)"};
  if (list.text_of("proc/pressure/memory")) {
    check.reason = "/proc/pressure tells when memory, processors or disks run short.";
  } else {
    check.state = CheckState::missing;
    check.reason = "/proc/pressure cannot be read: it does not tell when memory, processors or disks run short.";
    check.fix = "Linux 4.20 or later has it; where it is off, the kernel parameter psi=1 switches it on.";
  }
  list.add(std::move(check));
}

struct DeviceFile {
  const char* id;
  const char* path;
  const char* title;
  const char* module;
  const char* group;  ///< whose members may use it on Debian; empty: everybody or nobody
};

void check_device(CheckList& list, const DeviceFile& device) {
  HostCheck check{.id = device.id, .feature = CheckFeature::rights, .title = device.title};
  const int error = list.exists(device.path) ? list.surroundings.open_device(list.root / device.path) : ENOENT;
  if (error == 0) {
    check.reason = fmt::format("/{} can be opened for reading and writing.", device.path);
  } else if (error == EACCES || error == EPERM) {
    check.state = CheckState::limited;
    check.reason = fmt::format("/{} is there, but user number {} may not open it.", device.path, list.surroundings.user);
    if (*device.group != '\0') {
      check.fix = fmt::format("Become a member of the group {}: run the command, then log out and in again.", device.group);
      check.command = fmt::format("sudo usermod -aG {} \"$USER\"", device.group);
    } else {
      check.fix = "Give the daemon's user the right to open it, for example with a rule in /etc/udev/rules.d.";
    }
  } else if (list.exists(device.path)) {
    check.state = CheckState::missing;
    check.reason = fmt::format("/{} is there but cannot be opened (error {}).", device.path, error);
  } else {
    describe_module(list, device.module, check);
    check.reason = fmt::format("There is no /{}. {}", device.path, check.reason);
  }
  list.add(std::move(check));
}

void check_limits(CheckList& list) {
  // A machine needs about twenty descriptors of the daemon; QEMU raises its own.
  constexpr std::uint64_t kEnoughDescriptors = 16384;
  const Surroundings& own = list.surroundings;
  HostCheck files{.id = "limit.descriptors", .feature = CheckFeature::rights, .title = "Open files"};
  files.reason = own.descriptors ? fmt::format("The daemon may have {} files open.", *own.descriptors)
                                 : "The daemon may have any number of files open.";
  if (own.descriptors && *own.descriptors < kEnoughDescriptors) {
    files.state = CheckState::limited;
    files.fix = fmt::format(
        "That is little for hundreds of machines: set LimitNOFILE={} for its service, or nofile in /etc/security/limits.conf.",
        kEnoughDescriptors);
  }
  list.add(std::move(files));
  HostCheck locked{.id = "limit.memlock", .feature = CheckFeature::rights, .title = "Locked memory"};
  const Bytes total = parse_meminfo(os::read_file_if_any(list.root / "proc/meminfo").value_or("")).total;
  if (!own.locked_memory || *own.locked_memory >= total.count) {
    locked.reason = "Machines may lock as much memory as they have.";
  } else {
    locked.state = CheckState::limited;
    locked.reason = fmt::format("Machines may lock {} of memory; locked memory and device passthrough need all of a machine's.",
                                format_bytes(Bytes{*own.locked_memory}));
    locked.fix = "Set LimitMEMLOCK=infinity for the daemon's service, or memlock in /etc/security/limits.conf.";
  }
  list.add(std::move(locked));
}

struct Program {
  const char* name;
  const char* package;
  CheckFeature feature;
  const char* purpose;
  bool needed = false;
  bool rootless = false;  ///< only of use without root
};

constexpr std::array<Program, 9> kPrograms{{
    {"qemu-img", "qemu-utils", CheckFeature::qemu, "disks and images", true},
    {"swtpm", "swtpm", CheckFeature::security, "a TPM 2.0 in machines"},
    {"virtiofsd", "virtiofsd", CheckFeature::sharing, "shared folders"},
    {"genisoimage", "genisoimage", CheckFeature::images, "discs made of folders"},
    {"mmdebstrap", "mmdebstrap", CheckFeature::images, "building images"},
    {"newuidmap", "uidmap", CheckFeature::images, "building images without root", false, true},
    {"sfdisk", "fdisk", CheckFeature::images, "building images"},
    {"mke2fs", "e2fsprogs", CheckFeature::images, "building images"},
    {"ssh-keygen", "openssh-client", CheckFeature::images, "the keys of machines and `visor shell`"},
}};

void check_program(CheckList& list, const Program& program) {
  if (program.rootless && list.surroundings.user == 0) return;
  HostCheck check{.id = fmt::format("program.{}", program.name), .feature = program.feature, .title = program.name};
  check.needed = program.needed;
  if (const auto found = list.surroundings.find_program(program.name)) {
    check.reason = fmt::format("Found at {}; it is needed for {}.", found->native(), program.purpose);
  } else {
    check.state = CheckState::missing;
    check.reason = fmt::format("Not found in PATH; it is needed for {}.", program.purpose);
    check.fix = fmt::format("Install the package {}.", program.package);
    check.command = fmt::format("sudo apt install {}", program.package);
  }
  list.add(std::move(check));
}

}  // namespace

void check_passthrough(CheckList& list) {
  check_iommu(list);
  check_vfio(list);
}

void check_control(CheckList& list) {
  check_cgroups(list);
  check_pressure(list);
}

void check_rights(CheckList& list) {
  check_device(list, {"device.kvm", "dev/kvm", "KVM", "kvm", "kvm"});
  check_device(list, {"device.tun", "dev/net/tun", "Network taps", "tun", ""});
  check_device(list, {"device.vhost-net", "dev/vhost-net", "Fast network (vhost-net)", "vhost_net", "kvm"});
  check_device(list, {"device.vhost-vsock", "dev/vhost-vsock", "Sockets to the guest (vhost-vsock)", "vhost_vsock", "kvm"});
  check_limits(list);
}

void check_programs(CheckList& list) {
  for (const Program& program : kPrograms) check_program(list, program);
}

}  // namespace visor::host
