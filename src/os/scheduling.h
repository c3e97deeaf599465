// How the kernel chooses the thread that runs next (sched(7)).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace visor::os {

/// Makes a thread run before all that are not realtime (SCHED_FIFO at its lowest priority), or as others do (SCHED_OTHER).
/// System errors: EPERM without CAP_SYS_NICE and RLIMIT_RTPRIO, ESRCH when it has ended.
void set_realtime(pid_t thread, bool realtime);
/// Whether it is so.
bool is_realtime(pid_t thread);

/// Why realtime threads must not be made here, as a sentence; empty when they may: this process has the right to, and the kernel
/// keeps a part of each second for the others (/proc/sys/kernel/sched_rt_runtime_us).
std::string no_realtime_reason(const std::filesystem::path& root);

}  // namespace visor::os
