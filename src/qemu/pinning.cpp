#include "qemu/pinning.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include <boost/asio/awaitable.hpp>

#include "base/cpu_list.h"
#include "base/error.h"
#include "model/topology.h"
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

/// Sets what is not so already and reads it back. `hint`: what there has to be for it.
void reach(const std::string& what, bool wanted, const std::function<bool()>& read, const std::function<void()>& set,
           const char* hint) {
  std::string reason;
  try {
    if (read() == wanted) return;
    set();
    if (read() == wanted) return;
    reason = "the kernel did not do it";
  } catch (const Error& error) {
    reason = error.what();
  }
  throw Error(ErrorKind::conflict, "machine.scheduling_failed",
              fmt::format("{} cannot be scheduled as wanted: {}.", what, reason), hint);
}

}  // namespace

Awaitable<GuestThreads> query_threads(qmp::Client& client) {
  GuestThreads threads;
  threads.processors = co_await qmp::query_cpus_fast(client);
  threads.disks = co_await qmp::query_iothreads(client);
  co_return threads;
}

bool is_pinned(const model::Pinning& pinning) {
  return !pinning.emulator.empty() || !pinning.io.empty() ||
         std::any_of(pinning.vcpus.begin(), pinning.vcpus.end(), [](const std::string& list) { return !list.empty(); });
}

void apply_scheduling(pid_t process, const std::vector<qmp::VirtualCpu>& processors, model::Scheduling scheduling) {
  const bool cores = scheduling == model::Scheduling::core;
  reach(
      "The machine", cores, [&] { return os::has_own_cores(process); }, [&] { os::set_own_cores(process, cores); },
      "The kernel and the processors of the host must be able to (`visor doctor`).");
  const bool realtime = scheduling == model::Scheduling::realtime;
  for (const qmp::VirtualCpu& processor : processors) {
    const auto thread = static_cast<pid_t>(processor.thread_id);
    reach(
        fmt::format("Virtual processor {}", processor.index), realtime, [&] { return os::is_realtime(thread); },
        [&] { os::set_realtime(thread, realtime); },
        "visord needs the right to realtime scheduling (root, or LimitRTPRIO=1 for its service).");
  }
}

void apply_pinning(pid_t process, const GuestThreads& threads, const model::Pinning& pinning) {
  // Outside of its own processors a machine with exclusive ones may not run at all.
  const std::vector<std::uint32_t> any = pinning.exclusive ? model::pinned_processors(pinning) : os::affinity(0);
  std::set<pid_t> placed;
  for (const qmp::VirtualCpu& processor : threads.processors) {
    const auto thread = static_cast<pid_t>(processor.thread_id);
    placed.insert(thread);
    const std::string list = processor.index < pinning.vcpus.size() ? pinning.vcpus[processor.index] : "";
    pin(thread, fmt::format("Virtual processor {}", processor.index), list, any);
  }
  for (const std::int64_t disk : threads.disks) {
    const auto thread = static_cast<pid_t>(disk);
    placed.insert(thread);
    pin(thread, "A disk thread", pinning.io.empty() ? pinning.emulator : pinning.io, any);
  }
  for (const pid_t thread : os::threads_of(process)) {
    if (placed.contains(thread)) continue;
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
