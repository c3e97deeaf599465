#include "loop/task_group.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "loop/sync.h"

namespace visor::loop {

struct TaskGroup::State {
  explicit State(boost::asio::any_io_executor where) : executor(where), ended(std::move(where)) {}

  boost::asio::any_io_executor executor;
  std::map<std::uint64_t, boost::asio::cancellation_signal> running;
  std::uint64_t next = 1;
  bool closed = false;
  Notifier ended;
};

namespace {

void report(const std::string& name, const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) log::error("{}: {} ({})", name, error.what(), error.code());
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) log::error("{}: {}", name, error.what());
  } catch (const std::exception& error) {
    log::error("{}: {}", name, error.what());
  }
}

}  // namespace

TaskGroup::TaskGroup(boost::asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() {
  state_->closed = true;
  cancel();
}

void TaskGroup::spawn(std::string name, std::function<Awaitable<>()> coroutine) {
  if (state_->closed) return;
  const std::uint64_t id = state_->next++;
  boost::asio::cancellation_signal& signal = state_->running[id];
  // Started from the loop, never inside the caller: he may not be ready for what the coroutine does first.
  auto start = [coroutine = std::move(coroutine)]() -> Awaitable<> {
    co_await boost::asio::post(boost::asio::use_awaitable);
    co_await coroutine();
  };
  boost::asio::co_spawn(state_->executor, std::move(start),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [state = state_, id, name = std::move(name)](const std::exception_ptr& thrown) {
                              report(name, thrown);
                              // The signal's slot is in use until this handler has returned.
                              boost::asio::post(state->executor, [state, id] {
                                state->running.erase(id);
                                state->ended.notify_all();
                              });
                            }));
}

void TaskGroup::cancel() {
  for (auto& [id, signal] : state_->running) {
    // Posted, because the caller may itself run inside one of these coroutines.
    boost::asio::post(state_->executor, [state = state_, number = id] {
      const auto found = state->running.find(number);
      if (found != state->running.end()) found->second.emit(boost::asio::cancellation_type::terminal);
    });
  }
}

Awaitable<> TaskGroup::close() {
  state_->closed = true;
  cancel();
  const std::shared_ptr<State> state = state_;
  while (!state->running.empty()) co_await state->ended.wait(std::chrono::seconds(1));
}

std::size_t TaskGroup::size() const noexcept { return state_->running.size(); }

}  // namespace visor::loop
