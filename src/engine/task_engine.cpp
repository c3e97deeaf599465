#include "engine/task_engine.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"

namespace visor::engine {
namespace {

/// Data of the events that this file publishes.
struct TaskNews {
  std::string action;
  model::Task task;
};
BOOST_DESCRIBE_STRUCT(TaskNews, (), (action, task))

constexpr std::size_t kKeptTasks = 200;
constexpr std::size_t kKeptLogLines = 200;
constexpr auto kPublishInterval = std::chrono::milliseconds(200);

model::Step* running_step(model::Task& task) {
  const auto found = std::find_if(task.steps.begin(), task.steps.end(),
                                  [](const model::Step& step) { return step.state == model::StepState::running; });
  return found == task.steps.end() ? nullptr : &*found;
}

void end_step(model::Step& step, model::StepState state) {
  step.state = state;
  step.ended = std::chrono::system_clock::now();
}

/// Of a task that an earlier daemon left open: some of its steps may be recorded as done.
void end_steps(std::vector<model::Step>::iterator step, std::vector<model::Step>::iterator end) {
  for (; step != end; ++step) {
    if (step->state != model::StepState::done) end_step(*step, model::StepState::done);
  }
}

/// Progress of the whole from the steps: each announced step counts the same.
void update_progress(model::Task& task, double of_current_step) {
  if (task.steps.empty()) return;
  const auto done = std::count_if(task.steps.begin(), task.steps.end(),
                                  [](const model::Step& step) { return step.state == model::StepState::done; });
  const double value = (static_cast<double>(done) + of_current_step) / static_cast<double>(task.steps.size());
  task.progress = std::clamp(value, task.progress, 1.0);
}

/// Any exception that ends a task, as the Error that the user is shown.
Error to_error(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return error;
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::system::errc::operation_canceled)
      return {ErrorKind::cancelled, "task.cancelled", "The task was cancelled."};
    return {ErrorKind::internal, "internal", error.what()};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, "internal", error.what()};
  }
}

}  // namespace

model::Task& TaskRun::task() { return engine_.tasks_.at(id_); }

void TaskRun::step(const std::string& title) {
  model::Task& task = this->task();
  if (model::Step* current = running_step(task)) end_step(*current, model::StepState::done);
  update_progress(task, 0);
  auto next = std::find_if(task.steps.begin(), task.steps.end(), [&](const model::Step& step) {
    return step.state == model::StepState::waiting && step.title == title;
  });
  if (next == task.steps.end()) {
    task.steps.push_back({title, model::StepState::waiting, {}, {}, {}});
    next = task.steps.end() - 1;
  }
  next->state = model::StepState::running;
  // It goes on with a step that an earlier daemon began.
  if (!next->started) next->started = std::chrono::system_clock::now();
  task.waits_for.clear();
  engine_.publish(task);
}

void TaskRun::progress(double fraction, const std::string& detail) {
  model::Task& task = this->task();
  if (model::Step* current = running_step(task)) current->detail = detail;
  update_progress(task, std::clamp(fraction, 0.0, 1.0));
  engine_.publish_soon(task);
}

void TaskRun::waits_for(const std::string& what) {
  task().waits_for = what;
  engine_.publish(task());
}

void TaskRun::log(const std::string& line) {
  std::vector<std::string>& lines = task().log;
  lines.push_back(text::printable(line.substr(0, 500)));
  if (lines.size() > kKeptLogLines) lines.erase(lines.begin());
  engine_.publish_soon(task());
}

void TaskRun::undo(const std::string& action, const std::string& argument) { engine_.store_.append_undo(id_, action, argument); }

void TaskRun::keep() { engine_.store_.clear_undo(id_); }

struct TaskEngine::Running {
  std::string id;
  std::string queue;
  TaskWork work;
  loop::KeyedQueue::Lease turn;
  std::unique_ptr<loop::TaskGroup> group;  ///< holds the one coroutine, so that it can be cancelled alone
};

void TaskRun::leave_queue() {
  engine_.running_.at(id_)->turn = {};
  engine_.save(task());
}

TaskEngine::TaskEngine(boost::asio::any_io_executor executor, store::Store& store, EventBus& events)
    : executor_(executor), store_(store), events_(events), queues_(executor), ended_(executor), group_(std::move(executor)) {}

void TaskEngine::on_undo(std::string action, std::string told, UndoAction handler) {
  undo_actions_[std::move(action)] = {std::move(told), std::move(handler)};
}
void TaskEngine::on_recover(std::string kind, Finisher handler) { finishers_[std::move(kind)] = std::move(handler); }

model::Task TaskEngine::start(TaskDescription description, TaskWork work) {
  if (closing_) throw Error(ErrorKind::unavailable, "daemon.stopping", "visord is shutting down.", "Try again in a moment.");
  model::Task task;
  task.id = make_uuid();
  task.kind = std::move(description.kind);
  task.title = std::move(description.title);
  task.subject = std::move(description.subject);
  task.cancellable = description.cancellable;
  task.timeout_seconds = description.timeout_seconds;
  task.created = std::chrono::system_clock::now();
  for (std::string& title : description.steps) task.steps.push_back({std::move(title), model::StepState::waiting, {}, {}, {}});
  save(task);
  tasks_[task.id] = task;
  publish(task);
  begin(task, std::move(description.queue), std::move(work));
  prune();
  return task;
}

void TaskEngine::begin(const model::Task& task, std::string queue, TaskWork work) {
  auto running = std::make_shared<Running>();
  running->id = task.id;
  running->queue = std::move(queue);
  running->work = std::move(work);
  running->group = std::make_unique<loop::TaskGroup>(executor_);
  running_[task.id] = running;
  running->group->spawn(task.title, [this, running]() -> Awaitable<> { return run(running); });
}

Awaitable<> TaskEngine::run(std::shared_ptr<Running> running) {
  std::exception_ptr thrown;
  try {
    co_await execute(*running);
  } catch (...) {
    thrown = std::current_exception();
  }
  // From here on nothing may be cut short: the journal must be worked off and the end be told.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  model::Task& task = tasks_.at(running->id);
  if (!thrown) {
    store_.clear_undo(task.id);
    finish(task, model::TaskState::succeeded);
  } else if (closing_) {
    // Left open on purpose: the next start of the daemon finishes or undoes it.
    log::info("task '{}' was interrupted by the end of the daemon", task.title);
  } else {
    const Error error = to_error(thrown);
    const bool cancelled = error.kind() == ErrorKind::cancelled;
    if (model::Step* step = running_step(task)) end_step(*step, model::StepState::failed);
    task.error = model::to_problem(error);
    if (!cancelled) log::warning("task '{}' failed: {} ({})", task.title, error.what(), error.code());
    co_await undo_all(task.id);
    finish(tasks_.at(running->id), cancelled ? model::TaskState::cancelled : model::TaskState::failed);
  }
  running->turn = {};
  // The group is the owner of this very coroutine; the shared pointer of the lambda keeps it until the end.
  running_.erase(running->id);
  ended_.notify_all();
}

Awaitable<> TaskEngine::execute(Running& running) {
  if (!running.queue.empty()) {
    if (queues_.busy(running.queue)) {
      tasks_.at(running.id).waits_for = "another task";
      publish(tasks_.at(running.id));
    }
    running.turn = co_await queues_.acquire(running.queue);
    tasks_.at(running.id).waits_for.clear();
  }
  TaskRun view(*this, running.id);
  boost::json::object result = co_await running.work(view);
  tasks_.at(running.id).result = std::move(result);
}

Awaitable<> TaskEngine::undo_all(std::string id) {
  bool complete = true;
  for (const store::Undo& entry : store_.undo_of(id)) {
    const auto known = undo_actions_.find(entry.action);
    try {
      if (known == undo_actions_.end()) {
        tasks_.at(id).log.push_back(fmt::format("This visord does not know how to undo '{}'.", entry.action));
        continue;
      }
      co_await known->second.handler(entry.argument);
      tasks_.at(id).log.push_back(fmt::format(fmt::runtime(known->second.told), text::printable(entry.argument)));
    } catch (const Error& error) {
      complete = false;
      tasks_.at(id).log.push_back(
          fmt::format("could not undo {} {}: {}", entry.action, text::printable(entry.argument), error.what()));
      log::error("could not undo {} {}: {}", entry.action, entry.argument, error.what());
    }
  }
  // What could not be undone now (a full disk, a program that was killed) is tried again at the next start.
  if (complete) store_.clear_undo(id);
}

Awaitable<> TaskEngine::recover() {
  for (const store::Document& document : store_.load("task")) {
    auto task = json::from_json<model::Task>(json::parse(document.text), "store.corrupt");
    tasks_[task.id] = task;
    if (task.state == model::TaskState::running) {
      co_await recover_one(task);
    } else if (!store_.undo_of(task.id).empty()) {
      co_await undo_all(task.id);
      save(tasks_.at(task.id));
    }
  }
  prune();
}

Awaitable<> TaskEngine::recover_one(model::Task task) {
  const std::string id = task.id;
  const auto finisher = finishers_.find(task.kind);
  std::optional<Recovery> finished;
  if (finisher != finishers_.end()) {
    try {
      finished = co_await finisher->second(task);
    } catch (const Error& error) {
      tasks_.at(id).error = model::to_problem(error);
    }
  }
  model::Task& entry = tasks_.at(id);
  log::info("task '{}' was open: {}", entry.title, finished ? finished->sentence : "undone");
  if (finished) {
    entry.log.push_back(finished->sentence);
    store_.clear_undo(id);
    if (finished->work) co_return go_on(entry, std::move(*finished));
    end_steps(entry.steps.begin(), entry.steps.end());
  } else {
    if (model::Step* step = running_step(entry)) end_step(*step, model::StepState::undone);
    co_await undo_all(id);
    if (!entry.error) {
      entry.error =
          model::to_problem(Error(ErrorKind::unavailable, "task.interrupted",
                                  "visord ended while this was being done; what was half done was undone.", "Start it again."));
    }
  }
  finish(entry, finished ? model::TaskState::succeeded : model::TaskState::undone);
}

void TaskEngine::go_on(model::Task& task, Recovery recovery) {
  const auto next = std::find_if(task.steps.begin(), task.steps.end(),
                                 [&recovery](const model::Step& step) { return step.title == recovery.step; });
  end_steps(task.steps.begin(), next);
  if (next != task.steps.end()) next->state = model::StepState::waiting;
  begin(task, "", [recovery = std::move(recovery)](TaskRun& run) -> Awaitable<boost::json::object> {
    run.step(recovery.step);
    co_return co_await recovery.work(run);
  });
}

void TaskEngine::finish(model::Task& task, model::TaskState state) {
  if (state == model::TaskState::succeeded) {
    if (model::Step* step = running_step(task)) end_step(*step, model::StepState::done);
    task.progress = 1;
  }
  task.state = state;
  task.ended = std::chrono::system_clock::now();
  task.waits_for.clear();
  save(task);
  publish(task);
  last_published_.erase(task.id);
}

std::vector<model::Task> TaskEngine::list() const {
  std::vector<model::Task> all;
  all.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) all.push_back(task);
  std::sort(all.begin(), all.end(), [](const model::Task& a, const model::Task& b) { return a.created > b.created; });
  return all;
}

const model::Task& TaskEngine::get(const std::string& id) const {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) {
    throw Error(ErrorKind::not_found, "task.not_found", fmt::format("There is no task '{}'.", text::printable(id)),
                "`visor task list` shows the last tasks.");
  }
  return found->second;
}

Awaitable<model::Task> TaskEngine::wait(std::string id, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const model::Task& task = get(id);
    const auto left = deadline - std::chrono::steady_clock::now();
    if (task.state != model::TaskState::running || left <= std::chrono::steady_clock::duration::zero()) co_return task;
    co_await ended_.wait(left);
  }
}

model::Task TaskEngine::cancel(const std::string& id) {
  const model::Task& task = get(id);
  const auto found = running_.find(id);
  if (found == running_.end()) {
    throw Error(ErrorKind::conflict, "task.ended", fmt::format("The task '{}' has ended already.", task.title));
  }
  if (!task.cancellable) {
    throw Error(ErrorKind::conflict, "task.not_cancellable", fmt::format("The task '{}' cannot be cancelled.", task.title),
                "Wait for its end.");
  }
  found->second->group->cancel();
  return task;
}

Awaitable<> TaskEngine::close() {
  closing_ = true;
  for (auto& [id, running] : running_) running->group->cancel();
  for (int turn = 0; !running_.empty() && turn < 10; ++turn) co_await ended_.wait(std::chrono::seconds(1));
  co_await group_.close();
}

void TaskEngine::save(const model::Task& task) {
  try {
    store_.put("task", task.id, json::to_text(task), store::Room::reserve);
  } catch (const Error& error) {
    // Work that must be undone after a crash has its journal and fails by it. A machine can be stopped without a record of it.
    log::error("task '{}' cannot be recorded: {}", task.title, error.what());
  }
}

void TaskEngine::publish(const model::Task& task) {
  last_published_[task.id] = std::chrono::steady_clock::now();
  events_.publish("task", json::to_text(TaskNews{"updated", task}));
}

void TaskEngine::publish_soon(model::Task& task) {
  if (std::chrono::steady_clock::now() - last_published_[task.id] >= kPublishInterval) publish(task);
}

void TaskEngine::prune() {
  if (tasks_.size() <= kKeptTasks + 20) return;
  const std::vector<model::Task> all = list();
  for (std::size_t i = kKeptTasks; i < all.size(); ++i) {
    if (all[i].state == model::TaskState::running || !store_.undo_of(all[i].id).empty()) continue;
    store_.erase("task", all[i].id);
    tasks_.erase(all[i].id);
  }
}

}  // namespace visor::engine
