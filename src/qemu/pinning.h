// The threads of a QEMU process on the processors that the user has chosen.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/machine_spec.h"
#include "qmp/commands.h"

namespace visor::qemu {

/// Whether anything is pinned.
bool is_pinned(const model::Pinning& pinning);

/// All processors of the host that are named, ascending.
std::vector<std::uint32_t> pinned_processors(const model::Pinning& pinning);

/// Makes the virtual processors realtime threads or ordinary ones. Error{conflict, "machine.scheduling_failed"}.
void apply_scheduling(const std::vector<qmp::VirtualCpu>& processors, model::Scheduling scheduling);

/// Puts every thread of `process` where `pinning` wants it, those without a wish back to any processor, and reads it back.
/// Error{conflict, "machine.pinning_failed"} when the kernel does not let a thread go there.
void apply_pinning(pid_t process, const std::vector<qmp::VirtualCpu>& processors, const model::Pinning& pinning);

}  // namespace visor::qemu
