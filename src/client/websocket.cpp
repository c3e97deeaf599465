#include "client/websocket.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "client/stream.h"
#include "client/streams.h"

namespace visor::client {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;

constexpr std::size_t kLargestMessage = std::size_t{4} << 20U;

}  // namespace

struct WebSocket::Impl {
  explicit Impl(const asio::any_io_executor& executor) : stream(executor) {}
  websocket::stream<Stream> stream;
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::~WebSocket() = default;

Awaitable<std::string> WebSocket::read() {
  for (;;) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    co_await impl_->stream.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error == websocket::error::closed) co_return std::string();
    if (error) throw transport_error(error, "the console's connection", std::chrono::seconds(0));
    // An empty message says nothing; an empty return value would say that the connection is closed.
    if (buffer.size() > 0) co_return boost::beast::buffers_to_string(buffer.data());
  }
}

Awaitable<> WebSocket::write(std::string bytes) {
  boost::system::error_code error;
  co_await impl_->stream.async_write(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  if (error) throw transport_error(error, "the console's connection", std::chrono::seconds(0));
}

Awaitable<> WebSocket::close() {
  boost::system::error_code ignored;
  websocket::stream_base::timeout limits = websocket::stream_base::timeout::suggested(boost::beast::role_type::client);
  limits.handshake_timeout = std::chrono::seconds(1);
  impl_->stream.set_option(limits);
  co_await impl_->stream.async_close(websocket::close_code::normal, asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<std::unique_ptr<WebSocket>> open_socket(Endpoint endpoint, std::string target) {
  auto impl = std::make_unique<WebSocket::Impl>(co_await asio::this_coro::executor);
  auto& stream = impl->stream;
  co_await connect(stream.next_layer(), endpoint, std::chrono::seconds(10));
  stream.next_layer().expires_never();
  // The suggested client settings have no idle limit; with pings a dead daemon is noticed.
  websocket::stream_base::timeout limits = websocket::stream_base::timeout::suggested(boost::beast::role_type::client);
  limits.idle_timeout = std::chrono::seconds(60);
  limits.keep_alive_pings = true;
  stream.set_option(limits);
  stream.set_option(websocket::stream_base::decorator([&endpoint](websocket::request_type& request) {
    if (!endpoint.token.empty()) request.set(boost::beast::http::field::authorization, "Bearer " + endpoint.token);
  }));
  stream.read_message_max(kLargestMessage);
  stream.binary(true);
  websocket::response_type response;
  boost::system::error_code error;
  const std::string host = endpoint.is_local() ? "localhost" : fmt::format("{}:{}", endpoint.host, endpoint.port);
  co_await stream.async_handshake(response, host, target, asio::redirect_error(asio::use_awaitable, error));
  if (error == websocket::error::upgrade_declined) {
    throw answer_error(response.result_int(), std::string(response[boost::beast::http::field::content_type]), response.body());
  }
  if (error) throw transport_error(error, "the console's connection", limits.handshake_timeout);
  co_return std::make_unique<WebSocket>(std::move(impl));
}

}  // namespace visor::client
