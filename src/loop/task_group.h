// Background work that belongs to someone and ends with him.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

#include "loop/awaitable.h"

namespace visor::loop {

/// The set of coroutines that one object has running. The owner awaits close() before it goes away; a group that is
/// destroyed with work still running cancels it, and the coroutines must then touch nothing of the owner.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `coroutine` (called once; what it captures is kept until it has ended). An exception that leaves it is logged
  /// under `name`, cancellation is silent.
  void spawn(std::string name, std::function<Awaitable<>()> coroutine);
  /// Asks everything to end: each wait inside throws Error{cancelled} or ends with operation_aborted.
  void cancel();
  /// Cancels and waits until all has ended. Nothing can be spawned afterwards.
  Awaitable<> close();
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace visor::loop
