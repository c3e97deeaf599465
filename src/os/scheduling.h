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

/// Gives all threads of a process a core scheduling cookie of their own, so that none of another process ever runs beside them on
/// a sibling of the same core, or takes it away (kernel Documentation/admin-guide/hw-vuln/core-scheduling.rst). Threads that they
/// start later share it. System errors: EINVAL without CONFIG_SCHED_CORE, ENODEV without sibling threads, EPERM, ESRCH.
void set_own_cores(pid_t process, bool own);
/// Whether the thread has such a cookie; false where the kernel has none.
bool has_own_cores(pid_t thread);
/// Why there is no core scheduling here, as a sentence; empty when there is.
std::string no_core_scheduling_reason();

/// Why realtime threads must not be made here, as a sentence; empty when they may: this process has the right to, and the kernel
/// keeps a part of each second for the others (/proc/sys/kernel/sched_rt_runtime_us).
std::string no_realtime_reason(const std::filesystem::path& root);

}  // namespace visor::os
