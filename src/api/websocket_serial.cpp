#include <boost/asio/awaitable.hpp>

#include <utility>

#include "api/consoles.h"
#include "api/web_socket.h"

namespace visor::api {
namespace {

Awaitable<> serial_to_browser(engine::SerialSession& session, WebSocket& browser) {
  for (;;) {
    std::string bytes = co_await session.read();
    if (bytes.empty()) break;
    co_await browser.write(std::move(bytes), WebSocket::Kind::binary);
  }
  co_await browser.close(kNormalEnd, "The machine has ended.");
}

Awaitable<> browser_to_serial(engine::SerialSession& session, WebSocket& browser) {
  while (std::optional<std::string> message = co_await browser.read()) co_await session.write(std::move(*message));
}

}  // namespace

WebSocketRun serial_run(std::unique_ptr<engine::SerialSession> session) {
  std::shared_ptr<engine::SerialSession> shared = std::move(session);
  return [shared](WebSocket& browser) -> Awaitable<> {
    co_await run_both([&]() -> Awaitable<> { co_await serial_to_browser(*shared, browser); },
                      [&]() -> Awaitable<> { co_await browser_to_serial(*shared, browser); });
  };
}

}  // namespace visor::api
