// Disks of a machine that runs: added, removed, grown; media changed; limits set.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "qemu/machine_state.h"

namespace visor::qemu {

/// Why disks that were added to the list, or taken from it, wait for the next start (key "disks").
std::optional<std::string> why_disks_wait(const model::MachineSpec& now, const model::MachineSpec& wanted);
/// Why another file of a disk waits for the next start (key "disks[].file"): only CD drives change their medium.
std::optional<std::string> why_media_wait(const model::MachineSpec& now, const model::MachineSpec& wanted);

/// Whether nothing is left to do for change_disks().
bool has_disks(const model::MachineSpec& now, const model::MachineSpec& wanted);

/// Takes away, changes the media of, and adds disks, and sets their limits; the record follows each step. `files`: those of disks
/// and media that are new. What cannot be done while the machine runs is left out. Errors: those of open_planned(),
/// `machine.guest_kept_disk`, `disk.tray_locked`, `machine.wrong_state`.
Awaitable<> change_disks(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::MachineSpec wanted,
                         std::vector<hypervisor::ResolvedDisk> files);

/// Before the guest runs.
Awaitable<> set_disk_limits(qmp::Client& client, const model::MachineSpec& spec);

/// Lets the guest see a larger disk. Error{not_found, "disk.not_attached"} when the process has no such disk.
Awaitable<> resize_disk(std::shared_ptr<MachineState> state, std::string disk_id, Bytes size);

}  // namespace visor::qemu
