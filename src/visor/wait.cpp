#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "loop/task_group.h"
#include "visor/context.h"
#include "visor/progress.h"

namespace visor::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFrame = std::chrono::milliseconds(100);
/// How long the daemon may be away (a restart) while one waits.
constexpr auto kRestartPatience = std::chrono::seconds(20);

/// Turns Ctrl-C into the end of the request in flight, as long as it lives.
class Interrupt {
 public:
  Interrupt(const boost::asio::any_io_executor& executor, client::Connection& connection)
      : signals_(executor, SIGINT), raised_(std::make_shared<bool>(false)) {
    signals_.async_wait([raised = raised_, &connection](const boost::system::error_code& error, int /*number*/) {
      if (error) return;
      *raised = true;
      connection.cancel();
    });
  }

  bool raised() const noexcept { return *raised_; }

 private:
  boost::asio::signal_set signals_;
  std::shared_ptr<bool> raised_;
};

std::string advice(const model::Task& task) {
  return fmt::format("`visor task wait {0}` waits for it, `visor task cancel {0}` cancels it.", task.id);
}

Error interrupted(const model::Task& task) {
  return {ErrorKind::cancelled, "cli.interrupted", fmt::format("Interrupted; the task '{}' goes on.", task.title), advice(task)};
}

Error out_of_time(const model::Task& task, std::chrono::seconds limit) {
  return {ErrorKind::timeout, "cli.timeout",
          fmt::format("'{}' has not ended within {} s; it goes on.", task.title, limit.count()), advice(task)};
}

bool may_be_restarting(const Error& error) { return error.code() == "client.no_daemon" || error.code() == "client.disconnected"; }

/// One wait of a task: the deadline, the screen and the daemon's absences.
class Waiter {
 public:
  Waiter(Context& context, model::Task task, std::optional<std::chrono::seconds> limit)
      : context_(context), task_(std::move(task)), limit_(limit), view_({context.out.live(), context.out.error_color()}) {}

  Awaitable<model::Task> run() {
    const auto executor = co_await boost::asio::this_coro::executor;
    Interrupt interrupt(executor, context_.api().connection());
    loop::TaskGroup ticker(executor);
    if (context_.out.live() && context_.out.shows_progress()) ticker.spawn("progress", [this] { return tick(); });
    std::exception_ptr failure;
    try {
      co_await watch(interrupt);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await ticker.close();
    draw();
    write(view_.clear());
    if (failure) std::rethrow_exception(failure);
    co_return task_;
  }

 private:
  Awaitable<> watch(const Interrupt& interrupt) {
    const Clock::time_point start = Clock::now();
    while (task_.state == model::TaskState::running) {
      draw();
      std::chrono::seconds slice(1);
      if (limit_) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(*limit_ - (Clock::now() - start));
        if (left.count() <= 0) throw out_of_time(task_, *limit_);
        slice = std::min(slice, left);
      }
      co_await ask(slice, interrupt);
    }
  }

  /// Asks once how the task is; waits patiently while the daemon is away.
  Awaitable<> ask(std::chrono::seconds slice, const Interrupt& interrupt) {
    std::optional<Error> problem;
    try {
      task_ = co_await context_.api().wait_task(task_.id, slice);
      lost_since_.reset();
    } catch (const Error& error) {
      problem = error;
    }
    if (interrupt.raised()) throw interrupted(task_);
    if (!problem) co_return;
    if (!lost_since_) lost_since_ = Clock::now();
    if (!may_be_restarting(*problem) || Clock::now() - *lost_since_ > kRestartPatience) throw Error(std::move(*problem));
    co_await loop::sleep_for(kFrame);
  }

  Awaitable<> tick() {
    for (;;) {
      co_await loop::sleep_for(kFrame);
      draw();
    }
  }

  void draw() {
    if (context_.out.shows_progress()) write(view_.update(task_, std::chrono::system_clock::now(), context_.out.error_width()));
  }

  static void write(const std::string& text) {
    if (text.empty()) return;
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }

  Context& context_;
  model::Task task_;
  std::optional<std::chrono::seconds> limit_;
  ProgressView view_;
  std::optional<Clock::time_point> lost_since_;
};

void throw_if_failed(const model::Task& task) {
  if (task.state == model::TaskState::succeeded) return;
  if (task.error) throw model::from_problem(*task.error);
  throw Error(ErrorKind::cancelled, "task.not_done",
              fmt::format("The task '{}' was {}.", task.title, json::enum_name(task.state)));
}

}  // namespace

client::Api& Context::api() {
  if (!api_) api_ = std::make_unique<client::Api>(client::find_endpoint(globals.socket));
  return *api_;
}

Awaitable<model::Task> wait_for_task(Context& context, model::Task task, std::optional<std::chrono::seconds> limit) {
  Waiter waiter(context, std::move(task), limit ? limit : context.globals.timeout);
  model::Task ended = co_await waiter.run();
  throw_if_failed(ended);
  co_return ended;
}

Awaitable<int> finish_task(Context& context, model::Task task, Finish finish) {
  if (context.globals.no_wait) {
    const std::string sentence = fmt::format("Task {0} runs; `visor task wait {0}` waits for it.", task.id);
    if (context.out.is_table()) {
      context.out.say(sentence);
    } else {
      context.out.show(json::to_json(task));
    }
    co_return kExitOk;
  }
  task = co_await wait_for_task(context, std::move(task), finish.limit);
  if (context.out.is_table()) {
    context.out.say(finish.tell && task.result ? finish.tell(*task.result) : finish.done);
  } else {
    context.out.show(json::to_json(task));
  }
  co_return kExitOk;
}

std::optional<std::chrono::seconds> after_daemon(const Context& context, std::uint32_t seconds) {
  if (!context.globals.timeout) return std::nullopt;
  return std::chrono::seconds(seconds) + std::chrono::seconds(15);
}

}  // namespace visor::cli
