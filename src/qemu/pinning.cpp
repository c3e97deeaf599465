#include "qemu/pinning.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/cpu_list.h"
#include "base/error.h"
#include "os/affinity.h"
#include "os/scheduling.h"

namespace visor::qemu {
namespace {

void pin(pid_t thread, const std::string& what, const std::string& list, const std::vector<std::uint32_t>& any) {
  const std::vector<std::uint32_t> wanted = list.empty() ? any : parse_cpu_list(list).value_or(any);
  std::string reason;
  try {
    os::set_affinity(thread, wanted);
    if (os::affinity(thread) == wanted) return;
    reason = "the kernel allows only a part of them";
  } catch (const Error& error) {
    reason = error.what();
  }
  throw Error(ErrorKind::conflict, "machine.pinning_failed",
              fmt::format("{} cannot be put on the processors {}: {}.", what, list, reason),
              "Choose processors that are online and that the control group of visord allows (`visor host info`).");
}

}  // namespace

bool is_pinned(const model::Pinning& pinning) {
  return !pinning.emulator.empty() ||
         std::any_of(pinning.vcpus.begin(), pinning.vcpus.end(), [](const std::string& list) { return !list.empty(); });
}

std::vector<std::uint32_t> pinned_processors(const model::Pinning& pinning) {
  std::set<std::uint32_t> named;
  const auto add = [&](const std::string& list) {
    for (const std::uint32_t processor : parse_cpu_list(list).value_or(std::vector<std::uint32_t>())) named.insert(processor);
  };
  for (const std::string& list : pinning.vcpus) add(list);
  add(pinning.emulator);
  return {named.begin(), named.end()};
}

void apply_scheduling(const std::vector<qmp::VirtualCpu>& processors, model::Scheduling scheduling) {
  const bool realtime = scheduling == model::Scheduling::realtime;
  for (const qmp::VirtualCpu& processor : processors) {
    const auto thread = static_cast<pid_t>(processor.thread_id);
    std::string reason;
    try {
      if (os::is_realtime(thread) == realtime) continue;
      os::set_realtime(thread, realtime);
      if (os::is_realtime(thread) == realtime) continue;
      reason = "the kernel did not do it";
    } catch (const Error& error) {
      reason = error.what();
    }
    throw Error(ErrorKind::conflict, "machine.scheduling_failed",
                fmt::format("Virtual processor {} cannot be scheduled as wanted: {}.", processor.index, reason),
                "visord needs the right to realtime scheduling (root, or LimitRTPRIO=1 for its service).");
  }
}

void apply_pinning(pid_t process, const std::vector<qmp::VirtualCpu>& processors, const model::Pinning& pinning) {
  // Outside of its own processors a machine with exclusive ones may not run at all.
  const std::vector<std::uint32_t> any = pinning.exclusive ? pinned_processors(pinning) : os::affinity(0);
  std::set<pid_t> virtual_threads;
  for (const qmp::VirtualCpu& processor : processors) {
    const auto thread = static_cast<pid_t>(processor.thread_id);
    virtual_threads.insert(thread);
    const std::string list = processor.index < pinning.vcpus.size() ? pinning.vcpus[processor.index] : "";
    pin(thread, fmt::format("Virtual processor {}", processor.index), list, any);
  }
  for (const pid_t thread : os::threads_of(process)) {
    if (virtual_threads.contains(thread)) continue;
    try {
      pin(thread, "QEMU's own work", pinning.emulator, any);
    } catch (const Error&) {
      // Threads of QEMU come and go; only one that still exists could not be moved.
      const std::vector<pid_t> now = os::threads_of(process);
      if (std::find(now.begin(), now.end(), thread) != now.end()) throw;
    }
  }
}

}  // namespace visor::qemu
