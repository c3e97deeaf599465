// From a definition to a running QEMU process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/awaitable.h"
#include "os/process.h"
#include "qemu/helper.h"
#include "qemu/host_resources.h"
#include "qemu/plan.h"
#include "qemu/process_record.h"
#include "qmp/client.h"

namespace visor::qemu {

/// Whom QEMU runs as. Empty: the daemon's own user (a rootless instance).
struct QemuUser {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
};
/// For a daemon that is root: the user `visor-qemu` if there is one, else `nobody`. With KVM the group is the one of its
/// device, which is the only thing in it that QEMU opens by name.
QemuUser choose_user(bool with_kvm, const std::filesystem::path& kvm_device = "/dev/kvm");

/// Whether that user may read and write a device of the host.
bool may_open(const std::filesystem::path& device, const QemuUser& user);

/// A process that has been told to run its guest.
struct Launched {
  os::Process process;
  std::vector<Helper> helpers;
  std::unique_ptr<qmp::Client> client;
  ProcessRecord record;
};

/// Starts the machine and returns when its first instruction may run: opens every file, makes the sockets, starts QEMU in its
/// box and control group, writes the record, restores the saved state if one is named, lets it run.
///
/// On failure nothing is left: no process, no socket, no directory. Errors: those of disk_files.h and ports.h,
/// Error{conflict, "machine.already_running"}, Error{internal, "machine.start_failed"} with QEMU's last words,
/// Error{internal, "machine.restore_failed"}.
Awaitable<Launched> launch(hypervisor::MachineDefinition definition, Choices choices, std::shared_ptr<HostResources> resources);

}  // namespace visor::qemu
