// After a restart of the daemon: the machines that ran on, and the tasks that were cut off.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "engine/machine_power.h"
#include "os/file.h"

namespace visor::engine {
namespace {

Error interrupted(const MachineEntry& entry) {
  return {ErrorKind::unavailable, "task.interrupted",
          fmt::format("visord ended while this was being done; the machine is {}.", entry.running ? "running" : "off"),
          "Do it again."};
}

/// A guest that became ready while there was no daemon gets this time to say so, even if it is late.
constexpr std::chrono::seconds kHearingTime{10};

const model::Step* wait_step(const model::Task& task) {
  const auto found = std::find_if(task.steps.begin(), task.steps.end(),
                                  [](const model::Step& step) { return step.title == MachinePower::kWaitStep; });
  return found == task.steps.end() ? nullptr : &*found;
}

/// What is left of `timeout` for a step that has begun already. The clock may have been set meanwhile.
loop::Duration rest_of(std::chrono::seconds timeout, const model::Step& step) {
  if (!step.started) return timeout;
  const auto gone = std::chrono::system_clock::now() - *step.started;
  return std::clamp<loop::Duration>(timeout - gone, std::min(kHearingTime, timeout), timeout);
}

}  // namespace

Awaitable<> MachinePower::reattach() {
  hypervisor::Hypervisor::Found found = co_await context_.hypervisor.reattach(context_.paths.runtime_directory / "machines");
  for (auto& running : found.running) co_await take_hold(std::move(running));
  for (const auto& crashed : found.crashed) {
    MachineEntry* entry = context_.machines.find(crashed.id);
    if (entry == nullptr || entry->running) continue;
    context_.machines.rest(*entry, model::Status::crashed, crashed.detail);
    restart_after_crash(*entry);
  }
  for (MachineEntry* entry : context_.machines.all()) {
    const std::filesystem::path restoring = context_.paths.machine_restoring(entry->record.id);
    if (entry->record.rest_status != model::Status::saved || !std::filesystem::exists(restoring)) continue;
    if (entry->running) {
      os::remove_tree(restoring);
    } else {
      std::filesystem::rename(restoring, context_.paths.machine_saved(entry->record.id));
    }
  }
}

Awaitable<> MachinePower::take_hold(std::unique_ptr<hypervisor::RunningMachine> running) {
  MachineEntry* entry = context_.machines.find(running->id());
  if (entry == nullptr) {
    // Its creation was not finished, or its removal had begun: nobody wants it any more.
    log::warning("ending process {} of a machine that does not exist any more", running->process_id());
    co_await running->quit(kQuitGrace);
    co_return;
  }
  model::Status status = model::Status::running;
  try {
    status = co_await running->status();
  } catch (const Error& error) {
    log::warning("machine '{}' runs but does not answer: {}", entry->record.name, error.what());
  }
  // Of a save that was cut off; the machine has gone on since.
  os::remove_tree(context_.paths.machine_saved(entry->record.id));
  os::remove_tree(context_.paths.machine_saved(entry->record.id).native() + ".partial");
  adopt(*entry, std::move(running), false);
  context_.machines.observe(*entry, status);
  log::info("machine '{}' runs on (process {})", entry->record.name, entry->running->process_id());
  // The last daemon may have ended between a live change and its record.
  catch_up(entry->record.id);
}

void MachinePower::register_recovery() {
  for (const char* kind : {"machine.start", "machine.restart", "machine.launch"}) {
    context_.tasks.on_recover(kind,
                              [this](model::Task task) -> Awaitable<TaskEngine::Recovery> { co_return recover_start(task); });
  }
  context_.tasks.on_recover("host.stopMachines",
                            [this](model::Task task) -> Awaitable<TaskEngine::Recovery> { co_return recover_host_stop(task); });
  for (const char* kind : {"machine.stop", "machine.save"}) {
    context_.tasks.on_recover(kind, [this](model::Task task) -> Awaitable<TaskEngine::Recovery> {
      const MachineEntry& entry = context_.machines.by_name(task.subject.name);
      if (entry.running) throw interrupted(entry);
      co_return TaskEngine::Recovery{"visord was restarted meanwhile; the machine is off."};
    });
  }
}

TaskEngine::Recovery MachinePower::recover_host_stop(const model::Task& task) {
  const std::vector<model::HostStopEntry> plan = preview_stop_for_host();
  if (plan.empty()) return {"visord was restarted meanwhile; no machine runs any more."};
  return {"visord was restarted meanwhile; the machines that still run are stopped.", task.steps.front().title,
          stop_machines(plan)};
}

TaskEngine::Recovery MachinePower::recover_start(const model::Task& task) {
  if (!context_.store.undo_of(task.id).empty()) {
    throw Error(ErrorKind::unavailable, "task.interrupted",
                "visord ended while this was being done; what was half done was undone.", "Start it again.");
  }
  const MachineEntry& entry = context_.machines.by_name(task.subject.name);
  // A process that is older than the task is the one that a restart had not ended yet.
  if (!entry.running || entry.running->started_at() < task.created) throw interrupted(entry);
  TaskEngine::Recovery recovery{"visord was restarted meanwhile; the machine is running."};
  if (const model::Step* step = wait_step(task)) {
    const std::chrono::seconds timeout(task.timeout_seconds.value_or(model::StartRequest().timeout_seconds));
    recovery.step = kWaitStep;
    recovery.work = on_machine(
        entry.record.id, [this, id = entry.record.id, timeout, rest = rest_of(timeout, *step)](TaskRun& run) -> Awaitable<> {
          return wait_ready(run, id, timeout, rest);
        });
  }
  return recovery;
}

}  // namespace visor::engine
