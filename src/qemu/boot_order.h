// What the firmware tries to start from, in which order, while a machine runs.
#pragma once

#include <optional>
#include <string>

#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "qmp/client.h"

namespace visor::qemu {

/// Why a changed boot order waits for the next start: the disks' or (with `nics`) the network adapters'.
std::optional<std::string> why_boot_order_waits(const model::MachineSpec& now, const model::MachineSpec& wanted, bool nics);

/// Whether change_boot_order() has nothing to do.
bool has_boot_order(const model::MachineSpec& now, const model::MachineSpec& wanted);

/// Gives the devices of a running machine the places that `wanted` names, as far as they do not wait; the firmware reads them at
/// the guest's next restart. `now` follows. On failure all have the places that they had.
Awaitable<> change_boot_order(qmp::Client& client, model::MachineSpec& now, const model::MachineSpec& wanted);

}  // namespace visor::qemu
