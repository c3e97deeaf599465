#include "engine/machine_power.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "engine/disk_layers.h"
#include "os/file.h"

namespace visor::engine {
namespace {

/// A guest that is still booting does not hear its power button, so it is pressed again and again.
constexpr auto kPressAgain = std::chrono::seconds(10);

void require_startable(const MachineEntry& entry) {
  require_allowed(entry, model::Action::start);
  if (entry.record.spec.protection.start) {
    throw Error(ErrorKind::conflict, "machine.start_protected",
                fmt::format("The machine '{}' is protected from being started.", entry.record.name),
                fmt::format("Switch it off with `visor set {} protection.start=false`.", entry.record.name));
  }
}

}  // namespace

MachinePower::MachinePower(Context& context, GuestWatch& guests)
    : context_(context), guests_(guests), exited_(context.executor), group_(context.executor) {}

TaskDescription MachinePower::describe(const MachineEntry& entry, const std::string& verb, std::vector<std::string> steps) const {
  TaskDescription description;
  description.kind = "machine." + verb;
  std::string title = verb;
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  description.title = title + " " + entry.record.name;
  description.subject = {"machine", entry.record.name};
  description.steps = std::move(steps);
  description.queue = entry.record.id;
  return description;
}

TaskWork MachinePower::on_machine(const std::string& id, std::function<Awaitable<>(TaskRun&)> work) {
  return [this, id, work = std::move(work)](TaskRun& run) -> Awaitable<boost::json::object> {
    MachineEntry& entry = require_machine(context_, id);
    entry.task = run.id();
    context_.machines.publish(entry);
    std::exception_ptr thrown;
    try {
      co_await work(run);
    } catch (...) {
      thrown = std::current_exception();
    }
    MachineEntry* after = context_.machines.find(id);
    if (after != nullptr && after->task == run.id()) {
      after->task.reset();
      context_.machines.publish(*after);
    }
    if (thrown) std::rethrow_exception(thrown);
    co_return boost::json::object{
        {"machine", context_.machines.find(id) != nullptr ? require_machine(context_, id).record.name : ""}};
  };
}

// --- start ---------------------------------------------------------------------------------------------------------------

model::Task MachinePower::start(const std::string& name, model::StartRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  require_startable(entry);
  require_host_stays();
  std::vector<std::string> steps{"Prepare disks", entry.status == model::Status::saved ? "Restore" : "Start QEMU"};
  if (request.wait == "ready") steps.emplace_back(kWaitStep);
  const std::string id = entry.record.id;
  TaskDescription description = describe(entry, "start", std::move(steps));
  if (request.wait == "ready") description.timeout_seconds = request.timeout_seconds;
  return context_.tasks.start(std::move(description), on_machine(id, [this, id, request](TaskRun& run) -> Awaitable<> {
                                return start_now(run, id, request);
                              }));
}

Awaitable<> MachinePower::start_now(TaskRun& run, std::string id, model::StartRequest request) {
  require_startable(require_machine(context_, id));
  require_host_stays();
  co_await launch(run, id);
  if (request.wait != "ready") co_return;
  run.step(kWaitStep);
  const std::chrono::seconds timeout(request.timeout_seconds);
  co_await wait_ready(run, id, timeout, timeout);
}

Awaitable<> MachinePower::wait_ready(TaskRun& run, std::string id, std::chrono::seconds timeout, loop::Duration rest) {
  run.leave_queue();
  run.waits_for("guest agent");
  co_await guests_.wait_ready(id, timeout, rest);
}

Awaitable<> MachinePower::launch(TaskRun& run, std::string id) {
  run.step("Prepare disks");
  if (before_start_) co_await before_start_(id);
  hypervisor::MachineDefinition definition = co_await define(require_machine(context_, id));
  co_await context_.hypervisor.check(definition.spec);
  MachineEntry& entry = require_machine(context_, id);
  const model::Status before = entry.status;
  const std::string reason_before = entry.reason;
  const bool restoring = before == model::Status::saved;
  run.step(restoring ? "Restore" : "Start QEMU");
  if (restoring) {
    std::filesystem::rename(context_.paths.machine_saved(id), context_.paths.machine_restoring(id));
    definition.restore_from = context_.paths.machine_restoring(id);
  }
  context_.machines.observe(entry, model::Status::starting);
  std::unique_ptr<hypervisor::RunningMachine> running;
  try {
    running = co_await context_.hypervisor.start(std::move(definition));
  } catch (...) {
    if (restoring) std::filesystem::rename(context_.paths.machine_restoring(id), context_.paths.machine_saved(id));
    if (MachineEntry* after = context_.machines.find(id)) context_.machines.rest(*after, before, reason_before);
    throw;
  }
  if (restoring) os::remove_tree(context_.paths.machine_restoring(id));
  adopt(require_machine(context_, id), std::move(running), true);
  context_.machines.observe(require_machine(context_, id), model::Status::running);
  if (restoring) catch_up(id);
}

void MachinePower::catch_up(const std::string& id) {
  group_.spawn("apply settings", [this, id]() -> Awaitable<> {
    MachineEntry* entry = context_.machines.find(id);
    if (entry == nullptr || !entry->running) co_return;
    const model::MachineSpec wanted = entry->record.spec;
    const std::vector<model::Disk> disks = new_disks(entry->running->running_spec(), wanted);
    try {
      const std::vector<hypervisor::ResolvedDisk> files = co_await resolve_disks(context_, disks);
      entry = context_.machines.find(id);
      if (entry != nullptr && entry->running) co_await entry->running->apply(wanted, files, true);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::warning("a setting could not be applied: {}", error.what());
    }
    entry = context_.machines.find(id);
    if (entry != nullptr) context_.machines.publish(*entry);
  });
}

Awaitable<hypervisor::MachineDefinition> MachinePower::define(const MachineEntry& entry) {
  const std::string id = entry.record.id;
  hypervisor::MachineDefinition definition;
  definition.id = id;
  definition.name = entry.record.name;
  // Of one that runs: what its next start would be.
  definition.spec = entry.running ? entry.record.spec : next_spec(entry);
  definition.state_directory = context_.paths.machine_state(id);
  definition.runtime_directory = context_.paths.machine_runtime(id);
  const std::filesystem::path seed = definition.state_directory / "seed.img";
  if (!entry.record.ssh_user.empty() && std::filesystem::exists(seed)) definition.seed = seed;
  const std::vector<model::Disk> disks = definition.spec.disks;
  definition.disks = co_await resolve_disks(context_, disks);
  co_return definition;
}

void MachinePower::adopt(MachineEntry& entry, std::unique_ptr<hypervisor::RunningMachine> running, bool fresh) {
  const std::string id = entry.record.id;
  context_.machines.attach(entry, std::move(running));
  entry.serials.clear();
  for (std::uint32_t port = 0; port < entry.running->running_spec().serial_ports; ++port) {
    console::SerialHubOptions serial;
    serial.socket = entry.running->serial_socket(port);
    serial.log = entry.running->serial_log(port);
    entry.serials.push_back(std::make_shared<console::SerialHub>(context_.executor, std::move(serial)));
  }
  entry.ready = false;
  entry.agent = false;
  entry.panicked = false;
  entry.started_last = entry.running->started_at();
  entry.sample.reset();
  entry.expected_rest = model::Status::stopped;
  const std::string& version = entry.running->running_spec().machine_version;
  std::string& wanted = entry.record.spec.machine_version;
  // A machine that was found running does not have the newest version that somebody has asked for since.
  const bool pin = !version.empty() && (wanted.empty() || (fresh && wanted == model::kNewestVersion));
  if (pin) wanted = version;
  if (pin || entry.record.rest_status != model::Status::stopped) {
    entry.record.rest_status = model::Status::stopped;
    entry.record.rest_reason.clear();
    context_.machines.note(entry);
  }
  entry.running->on_event([this, id](const hypervisor::MachineEvent& event) {
    group_.spawn("handle event", [this, id, event]() -> Awaitable<> { return handle_event(id, event); });
  });
  guests_.follow(id);
}

// --- what happens to a running machine ------------------------------------------------------------------------------------

Awaitable<> MachinePower::handle_event(std::string id, hypervisor::MachineEvent event) {
  using Kind = hypervisor::MachineEvent::Kind;
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr || !entry->running) co_return;
  switch (event.kind) {
    case Kind::paused:
      if (entry->status == model::Status::running) context_.machines.observe(*entry, model::Status::paused, event.detail);
      break;
    case Kind::resumed:
      if (entry->status == model::Status::paused) context_.machines.observe(*entry, model::Status::running);
      break;
    case Kind::shutdown: context_.machines.observe(*entry, model::Status::stopping, "The guest is shutting down."); break;
    case Kind::panicked:
      entry->panicked = true;
      context_.machines.observe(*entry, entry->status, "The guest's kernel has panicked.");
      restart_after_crash(*entry);
      break;
    case Kind::helper_lost: context_.machines.observe(*entry, entry->status, event.detail); break;
    case Kind::reset:
      entry->ready = entry->agent = entry->panicked = false;
      context_.machines.publish(*entry);
      break;
    case Kind::agent_changed: break;
    case Kind::exited: {
      const std::vector<std::shared_ptr<console::SerialHub>> serials = entry->serials;
      const bool crashed = !event.expected;
      if (crashed) log::warning("machine '{}' crashed: {}", entry->record.name, event.detail);
      context_.machines.rest(*entry, crashed ? model::Status::crashed : entry->expected_rest, crashed ? event.detail : "");
      if (crashed) restart_after_crash(*entry);
      for (const std::shared_ptr<console::SerialHub>& serial : serials) co_await serial->close();
      exited_.notify_all();
      break;
    }
  }
  guests_.look(id);
}

// --- stop ----------------------------------------------------------------------------------------------------------------

model::Task MachinePower::stop(const std::string& name, model::StopRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  require_allowed(entry, model::Action::stop);
  const std::string id = entry.record.id;
  return context_.tasks.start(
      describe(entry, "stop", {request.force ? "Turn off" : "Ask the guest to shut down"}),
      on_machine(id, [this, id, request](TaskRun& run) -> Awaitable<> { return stop_now(run, id, request); }));
}

model::Task MachinePower::restart(const std::string& name, model::StopRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  require_allowed(entry, model::Action::restart);
  const std::string id = entry.record.id;
  return context_.tasks.start(
      describe(entry, "restart", {request.force ? "Turn off" : "Ask the guest to shut down", "Prepare disks", "Start QEMU"}),
      on_machine(id, [this, id, request](TaskRun& run) -> Awaitable<> {
        co_await stop_now(run, id, request);
        co_await launch(run, id);
      }));
}

Awaitable<> MachinePower::stop_now(TaskRun& run, std::string id, model::StopRequest request) {
  run.step(request.force ? "Turn off" : "Ask the guest to shut down");
  const MachineEntry& entry = require_machine(context_, id);
  if (!entry.running) co_return;
  if (request.force) {
    co_await kill_now(id);
    co_return;
  }
  const model::Status before = entry.status;
  bool gone = false;
  try {
    co_await ask_guest_to_stop(id);
    run.waits_for("the guest");
    gone = co_await press_until_exit(id, std::chrono::seconds(request.timeout_seconds));
  } catch (...) {
    // Cancelled, or the guest could not be asked: it runs on.
    MachineEntry* still = context_.machines.find(id);
    if (still != nullptr && still->running) context_.machines.observe(*still, before);
    throw;
  }
  if (gone) co_return;
  MachineEntry& still = require_machine(context_, id);
  context_.machines.observe(still, before);
  throw Error(
      ErrorKind::timeout, "machine.stop_timeout",
      fmt::format("The guest of '{}' did not shut down within {} s; it runs on.", still.record.name, request.timeout_seconds),
      fmt::format("Turn it off with `visor stop {} --force`; what the guest has not written to its disks is lost then.",
                  still.record.name));
}

Awaitable<> MachinePower::ask_guest_to_stop(std::string id) {
  MachineEntry& entry = require_machine(context_, id);
  hypervisor::RunningMachine& running = require_running(entry);
  // A paused guest hears nothing.
  if (entry.status == model::Status::paused) co_await running.resume();
  context_.machines.observe(entry, model::Status::stopping, "Waiting for the guest to shut down.");
  if (entry.agent) {
    try {
      co_await running.agent().shutdown();
      co_return;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::debug("agent of '{}' did not take the shutdown: {}", entry.record.name, error.what());
    }
  }
  MachineEntry& now = require_machine(context_, id);
  if (now.running) co_await now.running->press_power_button();
}

Awaitable<bool> MachinePower::press_until_exit(std::string id, std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - std::chrono::steady_clock::now());
    if (left <= kPressAgain) co_return co_await wait_for_exit(id, std::max(left, std::chrono::seconds(0)));
    if (co_await wait_for_exit(id, kPressAgain)) co_return true;
    if (const MachineEntry& entry = require_machine(context_, id); entry.running) co_await entry.running->press_power_button();
  }
}

Awaitable<bool> MachinePower::wait_for_exit(std::string id, std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const MachineEntry* entry = context_.machines.find(id);
    if (entry == nullptr || !entry->running) co_return true;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= loop::Duration::zero()) co_return false;
    co_await exited_.wait(left);
  }
}

Awaitable<> MachinePower::kill_now(std::string id) {
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr || !entry->running) co_return;
  co_await entry->running->quit(kQuitGrace);
  co_await wait_for_exit(id, std::chrono::seconds(10));
}

// --- save, pause, resume, reset -------------------------------------------------------------------------------------------

model::Task MachinePower::save(const std::string& name) {
  const MachineEntry& entry = context_.machines.by_name(name);
  require_allowed(entry, model::Action::save);
  const std::string id = entry.record.id;
  return context_.tasks.start(describe(entry, "save", {"Write the state to disk"}),
                              on_machine(id, [this, id](TaskRun& run) -> Awaitable<> { return save_now(run, id); }));
}

Awaitable<> MachinePower::save_now(TaskRun& run, std::string id) {
  run.step("Write the state to disk");
  MachineEntry& entry = require_machine(context_, id);
  require_allowed(entry, model::Action::save);
  storage::Storage::require_space(context_.paths.state_directory, entry.record.spec.memory.size);
  hypervisor::RunningMachine& running = require_running(entry);
  entry.expected_rest = model::Status::saved;
  std::function<void(double)> report = [&run](double fraction) {
    run.progress(fraction, fmt::format("{:.0f} %", fraction * 100));
  };
  try {
    co_await running.save(context_.paths.machine_saved(id), report);
  } catch (...) {
    if (MachineEntry* after = context_.machines.find(id)) after->expected_rest = model::Status::stopped;
    throw;
  }
  co_await wait_for_exit(id, std::chrono::seconds(10));
}

model::Task MachinePower::command(const std::string& name, model::Action action) {
  const MachineEntry& entry = context_.machines.by_name(name);
  require_allowed(entry, action);
  const std::string id = entry.record.id;
  const std::string verb = json::enum_name(action);
  return context_.tasks.start(describe(entry, verb, {}),
                              on_machine(id, [this, id, action](TaskRun&) -> Awaitable<> { return command_now(id, action); }));
}

Awaitable<> MachinePower::command_now(std::string id, model::Action action) {
  MachineEntry& entry = require_machine(context_, id);
  require_allowed(entry, action);
  hypervisor::RunningMachine& running = require_running(entry);
  if (action == model::Action::pause) co_await running.pause();
  if (action == model::Action::resume) co_await running.resume();
  if (action == model::Action::reset) co_await running.reset();
  MachineEntry& after = require_machine(context_, id);
  if (!after.running) co_return;
  const model::Status status = co_await after.running->status();
  context_.machines.observe(require_machine(context_, id), status);
}

Awaitable<> MachinePower::close() {
  co_await group_.close();
  for (MachineEntry* entry : context_.machines.all()) {
    const std::vector<std::shared_ptr<console::SerialHub>> serials = entry->serials;
    for (const std::shared_ptr<console::SerialHub>& serial : serials) co_await serial->close();
  }
}

}  // namespace visor::engine
