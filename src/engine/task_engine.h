// The one task engine: runs long work with steps, progress, cancel, and a journal that undoes or finishes it after a crash.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event_bus.h"
#include "loop/awaitable.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "model/task.h"
#include "store/store.h"

namespace visor::engine {

class TaskEngine;

/// What the work of a task sees of its task.
class TaskRun {
 public:
  const std::string& id() const noexcept { return id_; }
  /// Ends the current step as done and begins the next one; `title` names it when it was not announced.
  void step(const std::string& title);
  /// How far the current step is (0 to 1) and a text such as "12 of 100 MiB".
  void progress(double fraction, const std::string& detail);
  void waits_for(const std::string& what);
  void log(const std::string& line);
  /// Notes how to undo what comes next; call it BEFORE doing it.
  void undo(const std::string& action, const std::string& argument);
  /// What was done so far stays, whatever happens from here.
  void keep();
  /// From here on the task only watches: those that wait for its end to work on the same subject need not. Recorded with the
  /// step it is in, so that a later daemon knows since when.
  void leave_queue();

 private:
  friend class TaskEngine;
  TaskRun(TaskEngine& engine, std::string id) : engine_(engine), id_(std::move(id)) {}
  model::Task& task();

  TaskEngine& engine_;
  std::string id_;
};

/// The work of a task; its answer is the task's result.
using TaskWork = std::function<Awaitable<boost::json::object>(TaskRun&)>;

struct TaskDescription {
  std::string kind;
  std::string title;
  model::Subject subject;
  std::vector<std::string> steps;  ///< titles announced from the beginning
  bool cancellable = true;
  std::optional<std::uint32_t> timeout_seconds = {};  ///< how long the last step may take
  std::string queue;                                  ///< tasks with the same key run one after the other; empty: at once
};

class TaskEngine {
 public:
  TaskEngine(boost::asio::any_io_executor executor, store::Store& store, EventBus& events);

  /// Undoes one journal entry; must not mind when it is done already.
  using UndoAction = std::function<Awaitable<>(std::string argument)>;
  /// `told` is the sentence for the task's log, with {} for the argument.
  void on_undo(std::string action, std::string told, UndoAction handler);
  /// What becomes of a task that a dead daemon left open.
  struct Recovery {
    std::string sentence;   ///< for the task's log
    std::string step = {};  ///< where it goes on; the steps before are done
    TaskWork work = {};     ///< what is left to do; none: the task is finished
  };
  /// Tasks of this kind are finished after a crash instead of undone. It throws when that cannot be: the task is undone then.
  using Finisher = std::function<Awaitable<Recovery>(model::Task task)>;
  void on_recover(std::string kind, Finisher handler);
  /// Finishes or undoes every task that a dead daemon left open. Called once, before requests are served.
  Awaitable<> recover();

  /// Starts the work; it goes on whoever waits for it.
  model::Task start(TaskDescription description, TaskWork work);
  std::vector<model::Task> list() const;  ///< newest first
  const model::Task& get(const std::string& id) const;
  Awaitable<model::Task> wait(std::string id, std::chrono::milliseconds timeout);
  model::Task cancel(const std::string& id);
  /// Cancels what can be cancelled and waits for the end of all. Tasks that were cut off stay open in the journal.
  Awaitable<> close();

 private:
  friend class TaskRun;
  struct Running;

  void begin(const model::Task& task, std::string queue, TaskWork work);
  Awaitable<> run(std::shared_ptr<Running> running);
  Awaitable<> execute(Running& running);
  Awaitable<> undo_all(std::string id);
  Awaitable<> recover_one(model::Task task);
  void go_on(model::Task& task, Recovery recovery);
  void finish(model::Task& task, model::TaskState state);
  void save(const model::Task& task);
  void publish(const model::Task& task);
  void publish_soon(model::Task& task);
  void prune();

  boost::asio::any_io_executor executor_;
  store::Store& store_;
  EventBus& events_;
  loop::KeyedQueue queues_;
  loop::Notifier ended_;
  std::map<std::string, model::Task> tasks_;
  std::map<std::string, std::shared_ptr<Running>> running_;
  struct KnownUndo {
    std::string told;
    UndoAction handler;
  };
  std::map<std::string, KnownUndo> undo_actions_;
  std::map<std::string, Finisher> finishers_;
  std::map<std::string, std::chrono::steady_clock::time_point> last_published_;
  bool closing_ = false;
  loop::TaskGroup group_;
};

}  // namespace visor::engine
