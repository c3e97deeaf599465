#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "loop/both.h"
#include "loop/event_loop.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "loop/timeout.h"

namespace visor::loop {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

os::Command command(std::string program, std::vector<std::string> arguments) {
  os::Command made;
  made.program = std::move(program);
  made.arguments = std::move(arguments);
  return made;
}

Awaitable<int> sleeps_forever() {
  co_await sleep_for(std::chrono::hours(1));
  co_return 0;
}

TEST(Timeout, WorkThatTakesTooLongIsCancelledAndSaidSo) {
  EventLoop loop;
  bool ended = false;
  std::function<Awaitable<int>()> slow = [&ended]() -> Awaitable<int> {
    try {
      co_await sleep_for(seconds(60));
    } catch (const Error&) {
      ended = true;
      throw;
    }
    co_return 1;
  };
  EXPECT_EQ(
      code_of([&] { loop.run_until_done([&]() -> Awaitable<> { co_await with_timeout<int>(milliseconds(10), "It", slow); }); }),
      "host.timeout");
  EXPECT_TRUE(ended);
}

TEST(Timeout, QuickWorkGivesItsResultAndItsErrors) {
  EventLoop loop;
  loop.run_until_done([]() -> Awaitable<> {
    std::function<Awaitable<int>()> quick = []() -> Awaitable<int> { co_return 7; };
    EXPECT_EQ(co_await with_timeout<int>(seconds(5), "It", quick), 7);
  });
  std::function<Awaitable<int>()> failing = []() -> Awaitable<int> {
    throw Error(ErrorKind::conflict, "my.code", "no");
    co_return 1;
  };
  EXPECT_EQ(
      code_of([&] { loop.run_until_done([&]() -> Awaitable<> { co_await with_timeout<int>(seconds(5), "It", failing); }); }),
      "my.code");
}

TEST(Both, GivesBothResultsOrTheFirstFailure) {
  EventLoop loop;
  const auto later = [](int value) -> Awaitable<int> {
    co_await sleep_for(milliseconds(1));
    co_return value;
  };
  const auto fails = []() -> Awaitable<int> {
    co_await sleep_for(milliseconds(1));
    throw Error(ErrorKind::internal, "mine", "It failed.");
  };
  loop.run_until_done([&]() -> Awaitable<> {
    const auto [first, second] = co_await both(later(1), later(2));
    EXPECT_EQ(first * 10 + second, 12);
  });
  EXPECT_EQ(code_of([&] { loop.run_until_done([&]() -> Awaitable<> { co_await both(fails(), later(2)); }); }), "mine");
  EXPECT_EQ(code_of([&] { loop.run_until_done([&]() -> Awaitable<> { co_await both(fails(), sleeps_forever()); }); }), "mine");
}

TEST(TaskGroup, ClosingEndsAllWork) {
  EventLoop loop;
  loop.run_until_done([&loop]() -> Awaitable<> {
    TaskGroup group(loop.executor());
    int cancelled = 0;
    for (int i = 0; i < 3; ++i) {
      group.spawn("sleeper", [&cancelled]() -> Awaitable<> {
        try {
          co_await sleep_for(seconds(60));
        } catch (const Error& error) {
          cancelled += error.kind() == ErrorKind::cancelled ? 1 : 0;
          throw;
        }
      });
    }
    co_await sleep_for(milliseconds(1));
    EXPECT_EQ(group.size(), 3U);
    co_await group.close();
    EXPECT_EQ(cancelled, 3);
    EXPECT_EQ(group.size(), 0U);
  });
}

TEST(KeyedQueue, WorkOnOneMachineIsOrderedAndOnTwoIsNot) {
  EventLoop loop;
  loop.run_until_done([&loop]() -> Awaitable<> {
    KeyedQueue queue(loop.executor());
    TaskGroup group(loop.executor());
    std::string order;
    const auto work = [&](std::string key, std::string mark) {
      group.spawn(mark, [&queue, &order, key, mark]() -> Awaitable<> {
        const KeyedQueue::Lease lease = co_await queue.acquire(key);
        order += mark + "<";
        co_await sleep_for(milliseconds(2));
        order += mark + ">";
      });
    };
    work("a", "1");
    work("a", "2");
    work("b", "3");
    while (group.size() > 0) co_await sleep_for(milliseconds(1));
    EXPECT_LT(order.find("1>"), order.find("2<"));
    EXPECT_LT(order.find("3<"), order.find("1>"));
    EXPECT_FALSE(queue.busy("a"));
  });
}

TEST(KeyedQueue, ACancelledWaiterDoesNotBlockTheNext) {
  EventLoop loop;
  loop.run_until_done([&loop]() -> Awaitable<> {
    KeyedQueue queue(loop.executor());
    KeyedQueue::Lease first = co_await queue.acquire("a");
    {
      TaskGroup waiting(loop.executor());
      waiting.spawn("waits", [&queue]() -> Awaitable<> { const auto lease = co_await queue.acquire("a"); });
      co_await sleep_for(milliseconds(1));
      co_await waiting.close();
    }
    first = KeyedQueue::Lease();
    EXPECT_FALSE(queue.busy("a"));
    const KeyedQueue::Lease second = co_await queue.acquire("a");
    EXPECT_TRUE(queue.busy("a"));
  });
}

TEST(Notifier, WakesWaitersAndTimesOut) {
  EventLoop loop;
  loop.run_until_done([&loop]() -> Awaitable<> {
    Notifier notifier(loop.executor());
    EXPECT_FALSE(co_await notifier.wait(milliseconds(1)));
    TaskGroup group(loop.executor());
    group.spawn("notify", [&notifier]() -> Awaitable<> {
      notifier.notify_all();
      co_return;
    });
    EXPECT_TRUE(co_await notifier.wait(seconds(10)));
    co_await group.close();
  });
}

TEST(RunCommand, OutputsInputAndStatusArrive) {
  EventLoop loop;
  loop.run_until_done([]() -> Awaitable<> {
    CommandOptions options;
    options.input = "fed";
    std::vector<std::string> lines;
    options.on_line = [&lines](const std::string& line) { lines.push_back(line); };
    const CommandResult result = co_await run_command(command("sh", {"-c", "cat; echo; echo err >&2; exit 3"}), options);
    EXPECT_EQ(result.output, "fed\n");
    EXPECT_EQ(result.error, "err\n");
    EXPECT_EQ(result.status.code, 3);
    EXPECT_EQ(lines.size(), 2U);
  });
}

TEST(RunCommand, ATimeoutKillsTheWholeGroup) {
  EventLoop loop;
  std::string pid;
  const std::string code = code_of([&] {
    loop.run_until_done([&pid]() -> Awaitable<> {
      CommandOptions options;
      options.timeout = milliseconds(300);
      options.on_line = [&pid](const std::string& line) { pid = line; };
      co_await run_command(command("sh", {"-c", "sleep 60 & echo $!; wait"}), options);
    });
  });
  EXPECT_EQ(code, "host.timeout");
  ASSERT_FALSE(pid.empty());
  // A killed grandchild may be seen as a zombie until init has collected it.
  const auto gone = [&pid] {
    const auto stat = os::process_start_time(std::stoi(pid));
    if (!stat) return true;
    std::ifstream status("/proc/" + pid + "/status");
    const std::string text((std::istreambuf_iterator<char>(status)), {});
    return text.find("State:\tZ") != std::string::npos;
  };
  for (int turn = 0; turn < 200 && !gone(); ++turn)
    loop.run_until_done([]() -> Awaitable<> { co_await sleep_for(milliseconds(10)); });
  EXPECT_TRUE(gone());
}

TEST(RunCommand, ACommandThatWasEndedIsGoneWhenTheCallReturns) {
  EventLoop loop;
  std::string pid;
  const std::string code = code_of([&] {
    loop.run_until_done([&pid]() -> Awaitable<> {
      CommandOptions options;
      options.timeout = milliseconds(600);
      options.on_line = [&pid](const std::string& line) { pid = line; };
      // Its memory is freed when it dies, which takes a while.
      co_await run_command(command("sh", {"-c", "echo $$; exec dd if=/dev/zero of=/dev/null bs=256M"}), options);
    });
  });
  EXPECT_EQ(code, "host.timeout");
  ASSERT_FALSE(pid.empty());
  EXPECT_FALSE(os::process_start_time(std::stoi(pid))) << "it is still there, or was not collected";
}

TEST(RunCommand, WorkAfterACommandCanStillBeCancelled) {
  EventLoop loop;
  bool cancelled = false;
  loop.run_until_done([&]() -> Awaitable<> {
    TaskGroup group(loop.executor());
    group.spawn("work", [&cancelled]() -> Awaitable<> {
      co_await run_command(command("true", {}), {});
      try {
        co_await sleep_for(seconds(60));
      } catch (const Error& error) {
        cancelled = error.kind() == ErrorKind::cancelled;
      }
    });
    co_await sleep_for(milliseconds(500));
    co_await with_timeout<void>(seconds(20), "The end", [&group]() -> Awaitable<> { return group.close(); });
  });
  EXPECT_TRUE(cancelled);
}

TEST(RunBlocking, RunsElsewhereAndBringsErrorsBack) {
  EventLoop loop;
  const auto here = std::this_thread::get_id();
  loop.run_until_done([here]() -> Awaitable<> {
    std::thread::id there;
    co_await run_blocking([&there] { there = std::this_thread::get_id(); });
    EXPECT_NE(there, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
  });
  EXPECT_EQ(code_of([&] {
              loop.run_until_done(
                  []() -> Awaitable<> { co_await run_blocking([] { throw Error(ErrorKind::internal, "my.code", "no"); }); });
            }),
            "my.code");
}

}  // namespace
}  // namespace visor::loop
