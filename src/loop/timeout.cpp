#include "loop/timeout.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace visor::loop::detail {

Awaitable<> run_with_timeout(Duration timeout, std::string what, std::function<Awaitable<>()> work) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, timeout);
  auto group = boost::asio::experimental::make_parallel_group(
      boost::asio::co_spawn(executor, std::move(work), boost::asio::deferred), timer.async_wait(boost::asio::deferred));
  const auto [order, thrown, timer_error] =
      co_await group.async_wait(boost::asio::experimental::wait_for_one(), boost::asio::use_awaitable);
  const bool timer_first = order[0] == 1;
  if (!thrown) co_return;
  if (!timer_first) std::rethrow_exception(thrown);
  if (timer_error) throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
  const auto seconds = std::chrono::duration<double>(timeout).count();
  throw Error(ErrorKind::timeout, "host.timeout", fmt::format("{} did not happen within {:g} s.", what, seconds));
}

}  // namespace visor::loop::detail
