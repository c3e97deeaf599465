#include <sys/socket.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>

#include "api/consoles.h"
#include "api/web_socket.h"

namespace visor::api {
namespace {

namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::size_t kChunk = std::size_t{64} << 10U;

Awaitable<> screen_to_browser(Socket& screen, WebSocket& browser) {
  std::string chunk;
  for (;;) {
    chunk.resize(kChunk);
    boost::system::error_code error;
    const std::size_t size =
        co_await screen.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    chunk.resize(size);
    co_await browser.write(chunk, WebSocket::Kind::binary);
  }
  co_await browser.close(kNormalEnd, "The screen has ended.");
}

Awaitable<> browser_to_screen(Socket& screen, WebSocket& browser) {
  while (std::optional<std::string> message = co_await browser.read()) {
    co_await asio::async_write(screen, asio::buffer(*message), asio::use_awaitable);
  }
}

}  // namespace

WebSocketRun screen_run(os::Fd screen) {
  auto shared = std::make_shared<os::Fd>(std::move(screen));
  return [shared](WebSocket& browser) -> Awaitable<> {
    Socket socket(co_await asio::this_coro::executor);
    socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), shared->get());
    // From here on the socket closes the descriptor.
    [[maybe_unused]] const int number = shared->release();
    co_await run_both([&]() -> Awaitable<> { co_await screen_to_browser(socket, browser); },
                      [&]() -> Awaitable<> { co_await browser_to_screen(socket, browser); });
  };
}

}  // namespace visor::api
