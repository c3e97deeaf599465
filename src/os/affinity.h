// On which processors a thread may run (sched_setaffinity(2)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace visor::os {

/// The processors that `thread` may run on, ascending; 0 is the calling thread. Throws a system error (ESRCH: it has ended).
std::vector<std::uint32_t> affinity(pid_t thread);

/// Error as above; EINVAL when none of `processors` exists here or is allowed (cpuset(7)).
void set_affinity(pid_t thread, const std::vector<std::uint32_t>& processors);

/// The threads of a process; empty when it has ended.
std::vector<pid_t> threads_of(pid_t process);

}  // namespace visor::os
