#include "loop/sync.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <list>
#include <map>
#include <utility>

#include "base/error.h"

namespace visor::loop {
namespace {

/// One waiting coroutine: its timer is the deadline, cancelling the timer wakes it.
struct Waiter {
  boost::asio::steady_timer timer;
  bool woken = false;
};

Awaitable<bool> wait_on(std::shared_ptr<Waiter> waiter) {
  boost::system::error_code error;
  co_await waiter->timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error && !waiter->woken) throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
  co_return waiter->woken;
}

void wake(Waiter& waiter) {
  waiter.woken = true;
  waiter.timer.cancel();
}

}  // namespace

struct Notifier::State {
  boost::asio::any_io_executor executor;
  std::list<std::weak_ptr<Waiter>> waiters;
};

Notifier::Notifier(boost::asio::any_io_executor executor) : state_(std::make_shared<State>(State{std::move(executor), {}})) {}
Notifier::~Notifier() { notify_all(); }

void Notifier::notify_all() {
  const std::list<std::weak_ptr<Waiter>> waiters = std::exchange(state_->waiters, {});
  for (const std::weak_ptr<Waiter>& weak : waiters) {
    if (const std::shared_ptr<Waiter> waiter = weak.lock()) wake(*waiter);
  }
}

Awaitable<bool> Notifier::wait(Duration timeout) {
  auto waiter = std::make_shared<Waiter>(Waiter{boost::asio::steady_timer(state_->executor, timeout)});
  state_->waiters.remove_if([](const std::weak_ptr<Waiter>& weak) { return weak.expired(); });
  state_->waiters.push_back(waiter);
  co_return co_await wait_on(waiter);
}

struct KeyedQueue::State {
  boost::asio::any_io_executor executor;
  /// Present while the key is held; the waiters in order of arrival.
  std::map<std::string, std::deque<std::shared_ptr<Waiter>>> keys;

  void release(const std::string& key) {
    const auto found = keys.find(key);
    if (found == keys.end()) return;
    while (!found->second.empty()) {
      const std::shared_ptr<Waiter> next = found->second.front();
      found->second.pop_front();
      // A waiter that only the queue still knows was cancelled.
      if (next.use_count() > 1) {
        wake(*next);
        return;
      }
    }
    keys.erase(found);
  }
};

KeyedQueue::KeyedQueue(boost::asio::any_io_executor executor) : state_(std::make_shared<State>(State{std::move(executor), {}})) {}
KeyedQueue::~KeyedQueue() = default;

Awaitable<KeyedQueue::Lease> KeyedQueue::acquire(std::string key) {
  const std::shared_ptr<State> state = state_;
  const auto found = state->keys.find(key);
  if (found == state->keys.end()) {
    state->keys[key];
  } else {
    auto waiter = std::make_shared<Waiter>(
        Waiter{boost::asio::steady_timer(state->executor, boost::asio::steady_timer::time_point::max())});
    found->second.push_back(waiter);
    co_await wait_on(waiter);
  }
  Lease lease;
  lease.token_ = std::shared_ptr<void>(nullptr, [state, key](void*) { state->release(key); });
  co_return lease;
}

bool KeyedQueue::busy(const std::string& key) const { return state_->keys.contains(key); }

}  // namespace visor::loop
