// The threads of a QEMU process on the processors that the user has chosen.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "qmp/commands.h"

namespace visor::qemu {

/// The threads of a QEMU that have places of their own.
struct GuestThreads {
  std::vector<qmp::VirtualCpu> processors;
  std::vector<std::int64_t> disks;  ///< of the iothread objects
};
Awaitable<GuestThreads> query_threads(qmp::Client& client);

/// Whether anything is pinned.
bool is_pinned(const model::Pinning& pinning);

/// Makes the virtual processors realtime threads or ordinary ones, and keeps other processes off the cores that any thread of
/// `process` runs on, or does not. Error{conflict, "machine.scheduling_failed"}.
void apply_scheduling(pid_t process, const std::vector<qmp::VirtualCpu>& processors, model::Scheduling scheduling);

/// Puts every thread of `process` where `pinning` wants it, those without a wish back to any processor, and reads it back.
/// Error{conflict, "machine.pinning_failed"} when the kernel does not let a thread go there.
void apply_pinning(pid_t process, const GuestThreads& threads, const model::Pinning& pinning);

}  // namespace visor::qemu
