// The other end of a monitor or guest agent connection, played by a test.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <sys/socket.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "loop/event_loop.h"
#include "loop/task_group.h"
#include "os/fd.h"

namespace visor::qmp::testing {

using boost::asio::use_awaitable;

/// Both ends of a connection: one for the client under test, one for the Peer.
struct Ends {
  os::Fd client;
  os::Fd peer;
};
inline Ends make_ends() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) throw std::runtime_error("socketpair");
  return {os::Fd(ends[0]), os::Fd(ends[1])};
}

class Peer {
 public:
  Peer(boost::asio::any_io_executor executor, os::Fd fd)
      : socket_(executor, boost::asio::local::stream_protocol(), fd.release()) {}

  Awaitable<> send(std::string bytes) { co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), use_awaitable); }
  /// The next line without its end.
  Awaitable<std::string> line() {
    const std::size_t length =
        co_await boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(read_), '\n', use_awaitable);
    std::string line = read_.substr(0, length - 1);
    read_.erase(0, length);
    co_return line;
  }
  /// The next line as an object, without a 0xFF in front.
  Awaitable<boost::json::object> command() {
    std::string text = co_await line();
    text.erase(0, text.rfind('\xFF') == std::string::npos ? 0 : text.rfind('\xFF') + 1);
    co_return boost::json::parse(text).as_object();
  }
  void hang_up() { socket_.close(); }
  int number() { return socket_.native_handle(); }

 private:
  boost::asio::local::stream_protocol::socket socket_;
  std::string read_;
};

/// Runs a test's coroutine on a loop of its own.
inline void run(std::function<Awaitable<>()> test) {
  loop::EventLoop loop;
  loop.run_until_done(std::move(test));
}

/// The code of the Error that `work` ends with; "" when it succeeds.
template <class T>
Awaitable<std::string> code_of(Awaitable<T> work) {
  try {
    co_await std::move(work);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return "";
}

}  // namespace visor::qmp::testing
