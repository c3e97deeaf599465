// The threads of a QEMU process on the processors that the user has chosen.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "model/machine_spec.h"
#include "qmp/commands.h"

namespace visor::qemu {

/// Whether anything is pinned.
bool is_pinned(const model::Pinning& pinning);

/// Puts every thread of `process` where `pinning` wants it, those without a wish back to any processor, and reads it back.
/// Error{conflict, "machine.pinning_failed"} when the kernel does not let a thread go there.
void apply_pinning(pid_t process, const std::vector<qmp::VirtualCpu>& processors, const model::Pinning& pinning);

}  // namespace visor::qemu
