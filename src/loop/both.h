// Two waits at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <exception>
#include <tuple>
#include <utility>

#include "loop/awaitable.h"

namespace visor::loop {

/// Runs both and returns both results. When one fails the other is cancelled, and the failure of the first is thrown.
template <typename First, typename Second>
Awaitable<std::tuple<First, Second>> both(Awaitable<First> first, Awaitable<Second> second) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  std::exception_ptr failure;
  try {
    co_return co_await (std::move(first) && std::move(second));
  } catch (const boost::asio::multiple_exceptions& failures) {
    failure = failures.first_exception();
  }
  std::rethrow_exception(failure);
}

}  // namespace visor::loop
