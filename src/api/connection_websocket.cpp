#include "api/connection_websocket.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

#include "api/web_socket.h"
#include "base/error.h"

namespace visor::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

/// Without permessage-deflate: RFB and terminals gain nothing by it, and it costs memory per connection.
using BeastSocket = websocket::stream<Stream&, false>;

constexpr std::size_t kMessageLimit = std::size_t{1} << 20U;
constexpr std::chrono::seconds kHandshakeTime{10};
/// A ping goes out when half of it has passed in silence; without an answer the connection is dead.
constexpr std::chrono::seconds kSilence{30};

class BeastWebSocket final : public WebSocket {
 public:
  explicit BeastWebSocket(BeastSocket& socket) : socket_(socket) {}

  Awaitable<std::optional<std::string>> read() override {
    beast::flat_buffer buffer;
    boost::system::error_code error;
    co_await socket_.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::nullopt;
    co_return beast::buffers_to_string(buffer.data());
  }

  Awaitable<> write(std::string message, Kind kind) override {
    socket_.binary(kind == Kind::binary);
    boost::system::error_code error;
    co_await socket_.async_write(asio::buffer(message), asio::redirect_error(asio::use_awaitable, error));
    if (error) throw Error(ErrorKind::unavailable, "websocket.closed", "The other end of the WebSocket is gone.");
  }

  Awaitable<> close(unsigned code, std::string reason) override {
    boost::system::error_code ignored;
    websocket::close_reason why(static_cast<websocket::close_code>(code));
    why.reason = reason;
    if (socket_.is_open()) co_await socket_.async_close(why, asio::redirect_error(asio::use_awaitable, ignored));
  }

 private:
  BeastSocket& socket_;
};

}  // namespace

Awaitable<> serve_websocket(Stream& stream, const http::request<http::string_body>& request, const WebSocketRun& run) {
  BeastSocket socket(stream);
  socket.set_option(websocket::stream_base::timeout{kHandshakeTime, kSilence, true});
  socket.read_message_max(kMessageLimit);
  socket.auto_fragment(false);
  // noVNC and others offer the subprotocol "binary", and a browser closes when its offer is not taken up.
  const bool binary = has_token(request[http::field::sec_websocket_protocol], "binary");
  socket.set_option(websocket::stream_base::decorator([binary](websocket::response_type& response) {
    response.erase(http::field::server);
    if (binary) response.set(http::field::sec_websocket_protocol, "binary");
  }));
  co_await socket.async_accept(request, asio::use_awaitable);
  BeastWebSocket shown(socket);
  co_await run(shown);
  co_await shown.close(websocket::close_code::normal, "");
}

}  // namespace visor::api
