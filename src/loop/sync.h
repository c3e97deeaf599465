// Waiting for one another on the event loop (single thread, no locks).
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

#include "loop/awaitable.h"
#include "loop/event_loop.h"

namespace visor::loop {

/// Something has changed: wakes every coroutine that waits at that moment.
class Notifier {
 public:
  explicit Notifier(boost::asio::any_io_executor executor);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void notify_all();
  /// Returns at the next notify_all() (true) or after `timeout` (false). Check the condition, then wait, in a loop.
  Awaitable<bool> wait(Duration timeout);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Orders the work on one key (a machine's id): the holder of a Lease has the key alone, others queue in order of arrival.
class KeyedQueue {
 public:
  explicit KeyedQueue(boost::asio::any_io_executor executor);
  ~KeyedQueue();

  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) noexcept = default;

   private:
    friend class KeyedQueue;
    std::shared_ptr<void> token_;
  };

  /// Waits for the turn. Throws Error{cancelled} when the caller is cancelled meanwhile.
  Awaitable<Lease> acquire(std::string key);
  bool busy(const std::string& key) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace visor::loop
