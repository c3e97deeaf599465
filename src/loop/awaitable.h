// The type of every coroutine of Visor, without Asio's headers: a header that declares coroutines includes this, the
// source file that defines them includes <boost/asio/awaitable.hpp>.
#pragma once

namespace boost::asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
class io_context;
}  // namespace boost::asio

namespace visor {

/// A coroutine on the event loop that ends with a T or throws Error. Its parameters are values, or references to what the
/// caller's frame keeps until it ends.
template <class T = void>
using Awaitable = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace visor
