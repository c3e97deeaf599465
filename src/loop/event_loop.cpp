#include "loop/event_loop.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

#include "base/error.h"

namespace visor::loop {

struct EventLoop::Impl {
  boost::asio::io_context context{1};
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::context() noexcept { return impl_->context; }
boost::asio::any_io_executor EventLoop::executor() noexcept { return impl_->context.get_executor(); }
void EventLoop::run() { impl_->context.run(); }
void EventLoop::stop() { impl_->context.stop(); }
void EventLoop::post(std::function<void()> function) { boost::asio::post(impl_->context, std::move(function)); }

void EventLoop::run_until_done(std::function<Awaitable<>()> coroutine) {
  std::exception_ptr failure;
  bool done = false;
  boost::asio::co_spawn(impl_->context, std::move(coroutine), [&](std::exception_ptr thrown) {
    failure = std::move(thrown);
    done = true;
    impl_->context.stop();
  });
  impl_->context.restart();
  impl_->context.run();
  impl_->context.restart();
  if (failure) std::rethrow_exception(failure);
  if (!done) throw Error(ErrorKind::internal, "loop.stopped", "The event loop ended before the work did.");
}

Awaitable<> sleep_for(Duration duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  boost::system::error_code error;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error) throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
}

}  // namespace visor::loop
