// What becomes of running machines when their host shuts down.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "engine/machine_power.h"

namespace visor::engine {
namespace {

constexpr const char* kStopStep = "Stop the machines";
constexpr const char* kStopKind = "host.stopMachines";
/// For a task that was cancelled, or whose machine is killed.
constexpr std::chrono::seconds kTurnOffTime{30};

/// What starts last stops first; nothing waits for a machine that does not start with the host.
std::int64_t stop_place(const model::MachineSpec& spec) {
  if (!spec.autostart.enabled) return std::numeric_limits<std::int64_t>::min();
  return -std::int64_t{spec.autostart.order};
}

Error stopping_already() {
  return {ErrorKind::conflict, "host.stopping", "All machines are being stopped already.",
          "`visor task list` shows how far it is."};
}

TaskDescription describe_stop() {
  TaskDescription description;
  description.kind = kStopKind;
  description.title = "Stop all machines";
  description.subject = {"host", "host"};
  description.steps = {kStopStep};
  return description;
}

}  // namespace

std::vector<model::HostStopEntry> MachinePower::preview_stop_for_host() const {
  std::vector<const MachineEntry*> running;
  for (const auto& [id, entry] : context_.machines.running()) running.push_back(entry);
  std::ranges::sort(running, {}, [](const MachineEntry* entry) {
    return std::pair(stop_place(entry->record.spec), std::string_view(entry->record.name));
  });
  std::vector<model::HostStopEntry> plan;
  for (std::size_t i = 0; i < running.size(); ++i) {
    const model::MachineSpec& spec = running[i]->record.spec;
    std::uint32_t round = plan.empty() ? 1 : plan.back().round;
    if (i > 0 && stop_place(running[i - 1]->record.spec) != stop_place(spec)) ++round;
    plan.push_back({running[i]->record.name, spec.on_host_shutdown.action, spec.on_host_shutdown.time_limit, round});
  }
  return plan;
}

void MachinePower::require_host_stays() const {
  if (!host_stops_) return;
  throw Error(ErrorKind::conflict, "host.stopping",
              "All machines are being stopped, because the host shuts down or somebody asked for it.",
              "Start it again when that is done.");
}

model::Task MachinePower::stop_for_host() {
  if (host_stops_) throw stopping_already();
  return context_.tasks.start(describe_stop(), stop_machines(preview_stop_for_host()));
}

TaskWork MachinePower::stop_machines(std::vector<model::HostStopEntry> plan) {
  return [this, plan = std::move(plan)](TaskRun& run) -> Awaitable<boost::json::object> {
    // A task begins a moment after it was asked for: two clients may have got as far as here.
    if (host_stops_) throw stopping_already();
    host_stops_ = true;
    run.step(kStopStep);
    std::exception_ptr thrown;
    try {
      for (std::size_t first = 0; first < plan.size();) {
        std::size_t last = first;
        while (last < plan.size() && plan[last].round == plan[first].round) ++last;
        const auto begin = plan.begin();
        run.progress(static_cast<double>(first) / static_cast<double>(plan.size()), fmt::format("{} of {}", first, plan.size()));
        co_await stop_round(run, {begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last)});
        first = last;
      }
    } catch (...) {  // a cancelled task too; thrown on below
      thrown = std::current_exception();
    }
    host_stops_ = false;
    if (thrown) std::rethrow_exception(thrown);
    if (!context_.machines.running().empty()) {
      throw Error(ErrorKind::timeout, "host.not_stopped", "Some machines could not be stopped; the log of the task names them.",
                  "Turn each of them off: `visor stop NAME --force`.");
    }
    co_return boost::json::object{{"machines", plan.size()}};
  };
}

Awaitable<> MachinePower::stop_round(TaskRun& run, std::vector<model::HostStopEntry> round) {
  loop::TaskGroup group(context_.executor);
  loop::Notifier ended(context_.executor);
  std::size_t left = round.size();
  for (const model::HostStopEntry& entry : round) {
    group.spawn("stop " + entry.machine, [&, entry]() -> Awaitable<> {
      run.log(co_await stop_one(entry));
      --left;
      ended.notify_all();
    });
  }
  std::exception_ptr thrown;
  try {
    while (left > 0) co_await ended.wait(std::chrono::seconds(1));
  } catch (...) {  // a cancelled task; thrown on below
    thrown = std::current_exception();
  }
  // What runs in the group uses what is on this stack.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await group.close();
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  if (thrown) std::rethrow_exception(thrown);
}

/// Does what the machine's setting says; one that cannot be saved is shut down, one that does not rest in time is turned off.
/// What became of it, as a sentence.
Awaitable<std::string> MachinePower::stop_one(model::HostStopEntry entry) {
  const std::string name = entry.machine;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(entry.time_limit);
  std::string why;
  if (entry.action == model::HostStopAction::save) {
    why = co_await try_to_stop(name, StopWay::save, end);
    if (why.empty()) co_return fmt::format("{}: saved.", name);
  }
  if (entry.action != model::HostStopAction::off && std::chrono::steady_clock::now() < end) {
    const std::string reason = co_await try_to_stop(name, StopWay::shutdown, end);
    if (reason.empty()) co_return fmt::format("{}: shut down{}", name, why.empty() ? "." : fmt::format(". {}", why));
    why = reason;
  }
  const std::string failure = co_await try_to_stop(name, StopWay::turn_off, std::chrono::steady_clock::now() + kTurnOffTime);
  if (failure.empty()) co_return fmt::format("{}: turned off{}", name, why.empty() ? "." : fmt::format(". {}", why));
  log::error("machine '{}' could not be stopped for the shutdown of the host: {}", name, failure);
  co_return fmt::format("{}: could not be stopped. {}", name, failure);
}

/// Why the machine is not at rest at `end`; empty: it is.
Awaitable<std::string> MachinePower::try_to_stop(std::string name, StopWay way, std::chrono::steady_clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(end - std::chrono::steady_clock::now());
  try {
    if (!context_.machines.by_name(name).running) co_return "";
    const auto seconds = static_cast<std::uint32_t>(left.count());
    const model::Task task =
        way == StopWay::save ? save(name) : stop(name, {.force = way == StopWay::turn_off, .timeout_seconds = seconds});
    co_return co_await ends_in_time(name, task, left) ? "" : fmt::format("It was not at rest after {} s.", left.count());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    co_return error.what();
  }
}

/// Whether the machine is at rest by the work of that task. Throws why it failed; a task that takes too long is cancelled.
Awaitable<bool> MachinePower::ends_in_time(std::string name, model::Task task, std::chrono::seconds limit) {
  model::Task ended = co_await context_.tasks.wait(task.id, limit);
  if (ended.state == model::TaskState::running) {
    context_.tasks.cancel(task.id);
    ended = co_await context_.tasks.wait(task.id, kTurnOffTime);
  }
  if (ended.error && ended.state == model::TaskState::failed) throw model::from_problem(*ended.error);
  co_return !context_.machines.by_name(name).running;
}

}  // namespace visor::engine
