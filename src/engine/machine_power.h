// Starting, stopping and everything between.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/context.h"
#include "engine/guest_watch.h"
#include "loop/sync.h"
#include "loop/task_group.h"

namespace visor::engine {

/// How long a process that was told to end may take before it is killed.
inline constexpr auto kQuitGrace = std::chrono::milliseconds(3000);

class MachinePower {
 public:
  MachinePower(Context& context, GuestWatch& guests);

  model::Task start(const std::string& name, model::StartRequest request);
  model::Task stop(const std::string& name, model::StopRequest request);
  model::Task restart(const std::string& name, model::StopRequest request);
  model::Task save(const std::string& name);
  /// pause, resume and reset: one command to the hypervisor.
  model::Task command(const std::string& name, model::Action action);

  /// The body of a start, also used by launch. Throws when the machine may not be started now.
  Awaitable<> start_now(TaskRun& run, std::string id, model::StartRequest request);
  /// Ends the process without asking the guest; nothing happens when there is none.
  Awaitable<> kill_now(std::string id);

  /// The last step of a start that waits for the guest.
  static constexpr const char* kWaitStep = "Wait until the guest is ready";

  /// Says what becomes of starts, stops and saves that a dead daemon left open.
  void register_recovery();
  /// Takes hold of all machines that survived the last daemon and puts the others to rest. Called once, before requests.
  Awaitable<> reattach();
  /// What the hypervisor needs to run the machine.
  Awaitable<hypervisor::MachineDefinition> define(const MachineEntry& entry);
  /// Starts the machines that start with their host, once per boot of the host; returns at once.
  void start_with_host();
  /// What stop_for_host() would do now.
  std::vector<model::HostStopEntry> preview_stop_for_host() const;
  /// Stops every running machine as its onHostShutdown says. Until that is over, none can be started.
  model::Task stop_for_host();
  /// Lets go of all machines; they run on.
  Awaitable<> close();

  /// Marks the machine as worked on by a task for as long as `work` runs.
  TaskWork on_machine(const std::string& id, std::function<Awaitable<>(TaskRun&)> work);
  /// Called with the machine's id before each start, which fails with it.
  void before_start(std::function<Awaitable<>(std::string id)> handler) { before_start_ = std::move(handler); }

 private:
  TaskDescription describe(const MachineEntry& entry, const std::string& verb, std::vector<std::string> steps) const;
  void adopt(MachineEntry& entry, std::unique_ptr<hypervisor::RunningMachine> running, bool fresh);
  Awaitable<> launch(TaskRun& run, std::string id);
  Awaitable<> wait_ready(TaskRun& run, std::string id, std::chrono::seconds timeout, loop::Duration rest);
  TaskEngine::Recovery recover_host_stop(const model::Task& task);
  TaskEngine::Recovery recover_start(const model::Task& task);
  Awaitable<> stop_now(TaskRun& run, std::string id, model::StopRequest request);
  Awaitable<> ask_guest_to_stop(std::string id);
  Awaitable<bool> press_until_exit(std::string id, std::chrono::seconds timeout);
  Awaitable<bool> wait_for_exit(std::string id, std::chrono::seconds timeout);
  Awaitable<> save_now(TaskRun& run, std::string id);
  Awaitable<> command_now(std::string id, model::Action action);
  Awaitable<> handle_event(std::string id, hypervisor::MachineEvent event);
  /// Starts it again after a while when its settings say so.
  void restart_after_crash(MachineEntry& entry);
  void restart_now(const std::string& id);
  /// Refuses a start while stop_for_host() is at work.
  void require_host_stays() const;
  TaskWork stop_machines(std::vector<model::HostStopEntry> plan);
  Awaitable<> stop_round(TaskRun& run, std::vector<model::HostStopEntry> round);
  Awaitable<std::string> stop_one(model::HostStopEntry entry);
  enum class StopWay { save, shutdown, turn_off };
  Awaitable<std::string> try_to_stop(std::string name, StopWay way, std::chrono::steady_clock::time_point end);
  Awaitable<bool> ends_in_time(std::string name, model::Task task, std::chrono::seconds limit);
  Awaitable<> start_in_order(std::vector<std::string> ids);
  /// Brings what has been set meanwhile to a machine that was restored or found; in the background.
  void catch_up(const std::string& id);
  Awaitable<> take_hold(std::unique_ptr<hypervisor::RunningMachine> running);

  Context& context_;
  GuestWatch& guests_;
  std::function<Awaitable<>(std::string id)> before_start_;
  bool host_stops_ = false;  ///< stop_for_host() is at work
  loop::Notifier exited_;
  loop::TaskGroup group_;
};

}  // namespace visor::engine
