// Deadlines for anything that waits.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "loop/awaitable.h"
#include "loop/event_loop.h"

namespace visor::loop {

namespace detail {
/// Runs `work` and cancels it after `timeout`; throws Error{timeout, "host.timeout"} that names `what` when that happened.
Awaitable<> run_with_timeout(Duration timeout, std::string what, std::function<Awaitable<>()> work);
}  // namespace detail

/// `work()` with a deadline: throws Error{timeout} "WHAT did not happen within N s" when it takes longer. The work is cancelled
/// and has ended by then.
template <class T>
Awaitable<T> with_timeout(Duration timeout, std::string what, std::function<Awaitable<T>()> work) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::run_with_timeout(timeout, std::move(what), std::move(work));
  } else {
    std::optional<T> result;
    std::function<Awaitable<>()> store = [&result, &work]() -> Awaitable<> { result.emplace(co_await work()); };
    co_await detail::run_with_timeout(timeout, std::move(what), std::move(store));
    co_return std::move(*result);
  }
}

}  // namespace visor::loop
