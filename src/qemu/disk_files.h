// Opening a machine's files for QEMU.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/fd.h"
#include "qemu/plan.h"

namespace visor::qemu {

/// Opens a planned file with exactly the rights that QEMU shall have. Errors: `disk.missing`, `disk.no_permission` (with the
/// path and what to do), `disk.in_use` when another process uses it.
os::Fd open_planned(const PlannedFile& file);

/// Throws Error{conflict, "disk.in_use"} when another QEMU or qemu-img holds locks on the open file that exclude this use:
/// any lock for a writer, a writer's lock for a reader (QEMU block/file-posix.c: bytes 100-103 and 200-203).
void require_unlocked(const os::Fd& fd, const PlannedFile& file);

/// Reads QEMU's complaint about a lock (`Failed to get "write" lock ... [/dev/fdset/3]`) and names the file behind it;
/// nothing when the log says nothing of that kind.
std::optional<Error> lock_failure(const std::vector<std::string>& log, const Plan& plan);

}  // namespace visor::qemu
