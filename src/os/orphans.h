// Helper programs (image builds, conversions) must not outlive the daemon that waits for them, even when it is killed.
#pragma once

#include <string>
#include <utility>

namespace visor::os {

/// The environment variable that marks a helper, with the identity of this process as its value. Children of a helper inherit it.
std::pair<std::string, std::string> helper_mark();

/// Kills every process that carries the mark of a process of our PID namespace that does not exist any more. Returns how many.
/// Processes whose environment may not be read (of other users) are left alone.
int end_orphaned_helpers();

}  // namespace visor::os
