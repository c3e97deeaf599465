#include "os/scheduling.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::os {

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
