#include "engine/task_engine.h"

#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include "base/json_text.h"
#include "engine/memory_store.h"
#include "loop/event_loop.h"

namespace visor::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TaskDescription description(std::string kind, std::string queue = "") {
  TaskDescription made;
  made.title = kind;
  made.kind = std::move(kind);
  made.subject = {"machine", "m"};
  made.queue = std::move(queue);
  return made;
}

/// One run of a daemon over a store that outlives it.
struct Daemon {
  explicit Daemon(testing::MemoryStore& store) : events(loop.executor()), tasks(loop.executor(), store, events) {
    tasks.on_undo("mark", "Undone: {}.", [this](std::string argument) -> Awaitable<> {
      undone += argument;
      co_return;
    });
  }
  loop::EventLoop loop;
  EventBus events;
  TaskEngine tasks;
  std::string undone;
};

TEST(TaskEngine, ATaskThatFailsUndoesWhatItDidInReverse) {
  testing::MemoryStore store;
  Daemon daemon(store);
  daemon.loop.run_until_done([&daemon]() -> Awaitable<> {
    const model::Task started = daemon.tasks.start(description("work"), [](TaskRun& run) -> Awaitable<boost::json::object> {
      run.step("one");
      run.undo("mark", "1");
      run.step("two");
      run.undo("mark", "2");
      throw Error(ErrorKind::no_space, "host.no_space", "The disk is full.");
      co_return boost::json::object{};
    });
    EXPECT_EQ(started.state, model::TaskState::running);
    const model::Task ended = co_await daemon.tasks.wait(started.id, seconds(5));
    EXPECT_EQ(ended.state, model::TaskState::failed);
    EXPECT_EQ(ended.error->code, "host.no_space");
    EXPECT_EQ(ended.steps.at(0).state, model::StepState::done);
    EXPECT_EQ(ended.steps.at(1).state, model::StepState::failed);
  });
  EXPECT_EQ(daemon.undone, "21");
}

TEST(TaskEngine, WhatIsKeptIsNotUndone) {
  testing::MemoryStore store;
  Daemon daemon(store);
  daemon.loop.run_until_done([&daemon]() -> Awaitable<> {
    const model::Task started = daemon.tasks.start(description("work"), [](TaskRun& run) -> Awaitable<boost::json::object> {
      run.undo("mark", "1");
      run.keep();
      throw Error(ErrorKind::internal, "late", "Too late.");
      co_return boost::json::object{};
    });
    EXPECT_EQ((co_await daemon.tasks.wait(started.id, seconds(5))).state, model::TaskState::failed);
  });
  EXPECT_EQ(daemon.undone, "");
}

TEST(TaskEngine, ACancelledTaskEndsAndIsUndone) {
  testing::MemoryStore store;
  Daemon daemon(store);
  daemon.loop.run_until_done([&daemon]() -> Awaitable<> {
    const model::Task started = daemon.tasks.start(description("work"), [](TaskRun& run) -> Awaitable<boost::json::object> {
      run.undo("mark", "1");
      co_await loop::sleep_for(seconds(60));
      co_return boost::json::object{};
    });
    EXPECT_EQ((co_await daemon.tasks.wait(started.id, milliseconds(5))).state, model::TaskState::running);
    daemon.tasks.cancel(started.id);
    EXPECT_EQ((co_await daemon.tasks.wait(started.id, seconds(5))).state, model::TaskState::cancelled);
    EXPECT_THROW(daemon.tasks.cancel(started.id), Error);
  });
  EXPECT_EQ(daemon.undone, "1");
}

TEST(TaskEngine, TasksOnOneMachineRunOneAfterTheOther) {
  testing::MemoryStore store;
  Daemon daemon(store);
  std::string order;
  daemon.loop.run_until_done([&]() -> Awaitable<> {
    std::string last;
    for (const char* name : {"a", "b"}) {
      last = daemon.tasks
                 .start(description(name, "machine"),
                        [&order, name](TaskRun&) -> Awaitable<boost::json::object> {
                          order += std::string(name) + "<";
                          co_await loop::sleep_for(milliseconds(2));
                          order += std::string(name) + ">";
                          co_return boost::json::object{};
                        })
                 .id;
    }
    EXPECT_EQ((co_await daemon.tasks.wait(last, seconds(5))).state, model::TaskState::succeeded);
  });
  EXPECT_EQ(order, "a<a>b<b>");
}

TEST(TaskEngine, AfterAKilledDaemonOpenTasksAreFinishedOrUndone) {
  testing::MemoryStore store;
  {
    Daemon killed(store);
    killed.loop.run_until_done([&killed]() -> Awaitable<> {
      for (const char* kind : {"finishes", "undoes"}) {
        killed.tasks.start(description(kind), [kind](TaskRun& run) -> Awaitable<boost::json::object> {
          run.undo("mark", kind);
          co_await loop::sleep_for(seconds(60));
          co_return boost::json::object{};
        });
      }
      co_await loop::sleep_for(milliseconds(5));
      co_await killed.tasks.close();
    });
    EXPECT_EQ(killed.undone, "");
  }
  Daemon next(store);
  next.tasks.on_recover(
      "finishes", [](model::Task) -> Awaitable<TaskEngine::Recovery> { co_return TaskEngine::Recovery{"It was finished."}; });
  next.loop.run_until_done([&next]() -> Awaitable<> { co_await next.tasks.recover(); });
  EXPECT_EQ(next.undone, "undoes");
  for (const model::Task& task : next.tasks.list()) {
    const bool finished = task.kind == "finishes";
    EXPECT_EQ(task.state, finished ? model::TaskState::succeeded : model::TaskState::undone);
    if (finished) EXPECT_EQ(task.log.back(), "It was finished.");
    if (!finished) EXPECT_EQ(task.error->code, "task.interrupted");
  }
}

TEST(TaskEngine, WorkThatCanGoOnAfterACrashGoesOnWhereItWas) {
  testing::MemoryStore store;
  {
    Daemon killed(store);
    killed.loop.run_until_done([&killed]() -> Awaitable<> {
      TaskDescription waits = description("waits");
      waits.steps = {"begin", "wait"};
      killed.tasks.start(waits, [](TaskRun& run) -> Awaitable<boost::json::object> {
        run.step("wait");
        co_await loop::sleep_for(seconds(60));
        co_return boost::json::object{};
      });
      co_await loop::sleep_for(milliseconds(1));
      co_await killed.tasks.close();
    });
  }
  Daemon next(store);
  next.tasks.on_recover("waits", [](model::Task) -> Awaitable<TaskEngine::Recovery> {
    co_return TaskEngine::Recovery{"It goes on.", "wait", [](TaskRun&) -> Awaitable<boost::json::object> {
                                     co_return boost::json::object{{"came", "true"}};
                                   }};
  });
  next.loop.run_until_done([&next]() -> Awaitable<> {
    co_await next.tasks.recover();
    const model::Task ended = co_await next.tasks.wait(next.tasks.list().front().id, seconds(5));
    EXPECT_EQ(ended.state, model::TaskState::succeeded);
    EXPECT_EQ(ended.result.value().at("came"), "true");
    for (const model::Step& step : ended.steps) EXPECT_EQ(step.state, model::StepState::done) << step.title;
  });
}

TEST(TaskEngine, WhoWatchesGoesOnAfterACrashWithTheTimeThatItWasGiven) {
  testing::MemoryStore store;
  model::Task first;
  {
    Daemon killed(store);
    killed.loop.run_until_done([&]() -> Awaitable<> {
      TaskDescription waits = description("waits");
      waits.steps = {"begin", "wait"};
      waits.timeout_seconds = 7;
      const std::string id = killed.tasks
                                 .start(waits,
                                        [](TaskRun& run) -> Awaitable<boost::json::object> {
                                          run.step("begin");
                                          run.step("wait");
                                          run.leave_queue();
                                          co_await loop::sleep_for(seconds(60));
                                          co_return boost::json::object{};
                                        })
                                 .id;
      co_await loop::sleep_for(milliseconds(5));
      first = killed.tasks.get(id);
      co_await killed.tasks.close();
    });
  }
  ASSERT_TRUE(first.steps.at(1).started);
  Daemon next(store);
  next.tasks.on_recover("waits", [&first](model::Task found) -> Awaitable<TaskEngine::Recovery> {
    EXPECT_EQ(found.timeout_seconds, 7U);
    EXPECT_EQ(json::to_text(found.steps), json::to_text(first.steps)) << "what was done and since when it waits";
    co_return TaskEngine::Recovery{"It goes on.", "wait",
                                   [](TaskRun&) -> Awaitable<boost::json::object> { co_return boost::json::object{}; }};
  });
  next.loop.run_until_done([&]() -> Awaitable<> {
    co_await next.tasks.recover();
    const model::Task ended = co_await next.tasks.wait(first.id, seconds(5));
    EXPECT_EQ(ended.steps.size(), 2U);
    EXPECT_EQ(json::to_text(ended.steps.at(0)), json::to_text(first.steps.at(0)));
    EXPECT_EQ(json::to_text(ended.steps.at(1).started), json::to_text(first.steps.at(1).started));
    EXPECT_EQ(ended.steps.at(1).state, model::StepState::done);
  });
}

TEST(TaskEngine, TaskThatOnlyWatchesKeepsNobodyWaiting) {
  testing::MemoryStore store;
  Daemon daemon(store);
  daemon.loop.run_until_done([&daemon]() -> Awaitable<> {
    const model::Task watcher =
        daemon.tasks.start(description("watch", "machine"), [](TaskRun& run) -> Awaitable<boost::json::object> {
          run.leave_queue();
          co_await loop::sleep_for(seconds(60));
          co_return boost::json::object{};
        });
    const model::Task second = daemon.tasks.start(
        description("work", "machine"), [](TaskRun&) -> Awaitable<boost::json::object> { co_return boost::json::object{}; });
    EXPECT_EQ((co_await daemon.tasks.wait(second.id, seconds(5))).state, model::TaskState::succeeded);
    EXPECT_EQ(daemon.tasks.get(watcher.id).state, model::TaskState::running);
    co_await daemon.tasks.close();
  });
}

TEST(TaskEngine, WhatCouldNotBeUndoneIsTriedAgainAtTheNextStart) {
  testing::MemoryStore store;
  const auto start = [&store](std::string& undone, bool stuck) {
    Daemon daemon(store);
    daemon.tasks.on_undo("remove", "Undone: {}.", [&](std::string argument) -> Awaitable<> {
      if (stuck) throw Error(ErrorKind::internal, "image.build_failed", "The program was killed.");
      undone += argument;
      co_return;
    });
    daemon.loop.run_until_done([&daemon, first = stuck]() -> Awaitable<> {
      co_await daemon.tasks.recover();
      if (!first) co_return;
      const model::Task task = daemon.tasks.start(description("work"), [](TaskRun& run) -> Awaitable<boost::json::object> {
        run.undo("remove", "half");
        throw Error(ErrorKind::internal, "image.build_failed", "It failed.");
        co_return boost::json::object{};
      });
      co_await daemon.tasks.wait(task.id, seconds(5));
    });
  };
  std::string undone;
  start(undone, true);
  EXPECT_EQ(undone, "");
  start(undone, false);
  EXPECT_EQ(undone, "half");
  start(undone, false);
  EXPECT_EQ(undone, "half") << "what is undone is not undone twice";
}

TEST(EventBus, AClientResumesWhereItWasAndIsToldWhenItCannot) {
  loop::EventLoop loop;
  EventBus bus(loop.executor());
  bus.publish("machine", R"({"n":1})");
  const std::uint64_t seen = bus.last_sequence();
  bus.publish("machine", R"({"n":2})");
  loop.run_until_done([&]() -> Awaitable<> {
    const auto resumed = bus.reader(seen);
    const auto event = co_await resumed->next(milliseconds(5));
    EXPECT_EQ(event->data, R"({"n":2})");
    EXPECT_EQ(event->sequence, seen + 1);
    EXPECT_FALSE((co_await resumed->next(milliseconds(1))).has_value());
    const auto stranger = bus.reader(5);
    EXPECT_EQ((co_await stranger->next(milliseconds(5)))->type, "resync");
    const auto slow = bus.reader(std::nullopt);
    for (int i = 0; i < 5000; ++i) bus.publish("metrics", std::to_string(i));
    EXPECT_EQ((co_await slow->next(milliseconds(5)))->type, "resync");
    EXPECT_FALSE((co_await slow->next(milliseconds(1))).has_value());
  });
}

}  // namespace
}  // namespace visor::engine
