#include "os/scheduling.h"

#include <fmt/format.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::os {
namespace {

/// The cookie of a thread; nothing with errno set when the kernel does not tell.
std::optional<std::uint64_t> core_cookie(pid_t thread) {
  std::uint64_t cookie = 0;
  if (::prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, thread, PR_SCHED_CORE_SCOPE_THREAD, &cookie) != 0) return std::nullopt;
  return cookie;
}

}  // namespace

void set_own_cores(pid_t process, bool own) {
  // There is no command that takes a cookie away: ours, which is none, is given instead.
  const int command = own ? PR_SCHED_CORE_CREATE : PR_SCHED_CORE_SHARE_TO;
  if (::prctl(PR_SCHED_CORE, command, process, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0) == 0) return;
  throw system_error(fmt::format("set the core scheduling of process {}", process), errno);
}

bool has_own_cores(pid_t thread) { return core_cookie(thread).value_or(0) != 0; }

std::string no_core_scheduling_reason() {
  if (core_cookie(0)) return "";
  if (errno == ENODEV) return "The cores of this host have one thread each: nothing can run beside a machine on its core anyway.";
  return "The kernel of this host was built without core scheduling (CONFIG_SCHED_CORE).";
}

void set_realtime(pid_t thread, bool realtime) {
  sched_param parameters{};
  if (realtime) parameters.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  if (::sched_setscheduler(thread, realtime ? SCHED_FIFO : SCHED_OTHER, &parameters) == 0) return;
  throw system_error(fmt::format("set the scheduling of thread {}", thread), errno);
}

bool is_realtime(pid_t thread) {
  const int policy = ::sched_getscheduler(thread);
  if (policy < 0) throw system_error(fmt::format("read the scheduling of thread {}", thread), errno);
  return (policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;
}

std::string no_realtime_reason(const std::filesystem::path& root) {
  rlimit limit{};
  if (::geteuid() != 0 && (::getrlimit(RLIMIT_RTPRIO, &limit) != 0 || limit.rlim_cur == 0)) {
    return "It needs the right to realtime scheduling: run visord as root, or set LimitRTPRIO=1 for its service.";
  }
  const auto guard = read_file_if_any(root / "proc/sys/kernel/sched_rt_runtime_us");
  if (guard && text::trim(*guard) == "-1") {
    return "The kernel would keep no time for the host: `sysctl kernel.sched_rt_runtime_us=950000`.";
  }
  return "";
}

}  // namespace visor::os
