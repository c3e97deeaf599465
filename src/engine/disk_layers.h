// From the disks of a spec to the files that hold them.
#pragma once

#include <vector>

#include "engine/context.h"

namespace visor::engine {

/// The files of each disk, the writable one first. Errors: those of storage::Storage::chain().
Awaitable<std::vector<hypervisor::ResolvedDisk>> resolve_disks(Context& context, std::vector<model::Disk> disks);

/// The disks of `wanted` that a process with `running` does not have, or has with another medium.
std::vector<model::Disk> new_disks(const model::MachineSpec& running, const model::MachineSpec& wanted);

}  // namespace visor::engine
