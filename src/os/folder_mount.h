// A folder as a mount of its own that has no name anywhere: only who holds its descriptor reaches it (open_tree(2)).
#pragma once

#include "os/fd.h"

namespace visor::os {

/// The folder and what is mounted below it, without programs, set-uid rights and devices; nothing leads above it. With
/// `read_only` nobody changes anything through it, whatever rights he has. It lives as long as its descriptor and those of the
/// files in it. Needs root and Linux 5.12. Throws Error.
Fd mount_of_folder(const Fd& folder, bool read_only);

}  // namespace visor::os
