// The one event loop: all control state of the daemon lives on its thread, so nothing there needs a lock.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

#include "loop/awaitable.h"

namespace visor::loop {

using Duration = std::chrono::steady_clock::duration;

/// Owns the io_context. Made in main() (or by a test) and handed to everything that waits.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& context() noexcept;
  boost::asio::any_io_executor executor() noexcept;
  /// Runs until stop() or until there is nothing left to wait for.
  void run();
  /// Makes run() return soon. May be called from a signal handler coroutine or any thread.
  void stop();
  /// Runs `function` on the loop's thread as soon as possible; callable from every thread.
  void post(std::function<void()> function);
  /// For programs and tests without other work: runs the loop until the coroutine ends, and throws what it throws.
  void run_until_done(std::function<Awaitable<>()> coroutine);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Waits. Cancellation of the surrounding coroutine ends the wait with Error{cancelled}.
Awaitable<> sleep_for(Duration duration);

}  // namespace visor::loop
