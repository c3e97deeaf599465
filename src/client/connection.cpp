#include "client/connection.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/socket.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "client/event_stream.h"
#include "client/stream.h"
#include "client/streams.h"
#include "client/websocket.h"

namespace visor::client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::uint64_t kLargestAnswer = std::uint64_t{64} << 20U;
constexpr std::size_t kPiece = std::size_t{256} << 10U;
constexpr auto kConnectTimeout = std::chrono::seconds(10);

/// Whether the daemon closed an idle connection meanwhile: it is then readable although nothing was asked.
bool is_stale(Stream& stream) {
  char byte = 0;
  const ssize_t got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

Response to_response(http::response<http::string_body>&& message) {
  Response response;
  response.status = message.result_int();
  response.content_type = std::string(message[http::field::content_type]);
  response.etag = std::string(message[http::field::etag]);
  response.body = std::move(message.body());
  return response;
}

}  // namespace

struct Connection::Impl {
  explicit Impl(Endpoint where) : endpoint(std::move(where)) {}

  Endpoint endpoint;
  std::optional<Stream> stream;
  boost::beast::flat_buffer buffer;

  /// An open stream; `fresh` tells whether it was made for this request.
  Awaitable<bool> ensure_open() {
    if (stream && !is_stale(*stream)) co_return false;
    close();
    stream.emplace(co_await asio::this_coro::executor);
    std::exception_ptr failure;
    try {
      co_await connect(*stream, endpoint, kConnectTimeout);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      close();
      std::rethrow_exception(failure);
    }
    co_return true;
  }

  void close() noexcept {
    stream.reset();
    buffer.clear();
  }

  /// Notes a broken exchange: the connection cannot be used again.
  Error fail(const boost::system::error_code& error, const Request& request) {
    close();
    return transport_error(error, describe(request), request.timeout);
  }

  Awaitable<boost::system::error_code> write(const Request& request) {
    const HttpRequest message = make_request(endpoint, request);
    boost::system::error_code error;
    stream->expires_after(request.timeout);
    co_await http::async_write(*stream, message, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  Awaitable<boost::system::error_code> read(http::response_parser<http::string_body>& parser) {
    boost::system::error_code error;
    parser.body_limit(kLargestAnswer);
    co_await http::async_read(*stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  Response take(http::response_parser<http::string_body>& parser) {
    const bool keep = parser.get().keep_alive();
    Response response = to_response(parser.release());
    if (!keep) close();
    return response;
  }

  Response finish(http::response_parser<http::string_body>& parser) {
    Response response = take(parser);
    if (response.status >= 400) throw answer_error(response.status, response.content_type, response.body);
    return response;
  }

  /// The problem that came instead of the content of which `begun` has read the header.
  Awaitable<Error> refusal(http::response_parser<http::buffer_body>&& begun, const Request& request) {
    http::response_parser<http::string_body> parser(std::move(begun));
    if (const boost::system::error_code error = co_await read(parser)) co_return fail(error, request);
    const Response response = take(parser);
    co_return answer_error(response.status, response.content_type, response.body);
  }
};

Connection::Connection(Endpoint endpoint) : impl_(std::make_unique<Impl>(std::move(endpoint))) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

const Endpoint& Connection::endpoint() const noexcept { return impl_->endpoint; }

void Connection::cancel() noexcept {
  if (impl_->stream) impl_->stream->cancel();
}

Awaitable<Response> Connection::send(Request request) {
  const bool repeatable = request.method == "GET";
  for (;;) {
    const bool fresh = co_await impl_->ensure_open();
    http::response_parser<http::string_body> parser;
    const boost::system::error_code written = co_await impl_->write(request);
    // The daemon may refuse and close before it has read everything: its answer is worth more than our EPIPE.
    const bool readable = !written || written == asio::error::broken_pipe || written == asio::error::connection_reset;
    const boost::system::error_code error = readable ? co_await impl_->read(parser) : written;
    if (!error) co_return impl_->finish(parser);
    // A kept connection can be closed by the daemon at the very moment it is used again.
    const bool closed_meanwhile =
        !fresh && !parser.got_some() && error != boost::beast::error::timeout && error != asio::error::operation_aborted;
    Error failure = impl_->fail(error, request);
    if (!(repeatable && closed_meanwhile)) throw Error(std::move(failure));
  }
}

Awaitable<boost::json::value> Connection::call(Request request) {
  const Response response = co_await send(std::move(request));
  if (response.body.empty()) co_return boost::json::value(nullptr);
  co_return json::parse(response.body, Bytes{kLargestAnswer});
}

Awaitable<Response> Connection::upload(Request request, Bytes size, Source source, TransferProgress progress) {
  co_await impl_->ensure_open();
  Request head = request;
  head.body.clear();
  http::request<http::buffer_body> message(make_request(impl_->endpoint, head).base());
  message.content_length(size.count);
  message.set(http::field::content_type, "application/octet-stream");
  http::request_serializer<http::buffer_body> serializer(message);
  boost::system::error_code error;
  impl_->stream->expires_after(request.timeout);
  co_await http::async_write_header(*impl_->stream, serializer, asio::redirect_error(asio::use_awaitable, error));
  Bytes done;
  while (!error && done < size) {
    const std::string piece = source(kPiece);
    if (piece.empty()) {
      impl_->close();
      throw Error(ErrorKind::conflict, "client.source_short", "The file became shorter while it was sent.");
    }
    done = done + Bytes{piece.size()};
    message.body().data = const_cast<char*>(piece.data());  // NOLINT: Beast only reads it
    message.body().size = piece.size();
    message.body().more = done < size;
    impl_->stream->expires_after(request.timeout);
    co_await http::async_write(*impl_->stream, serializer, asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = {};
    if (progress) progress(done, size);
  }
  if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) throw impl_->fail(error, request);
  http::response_parser<http::string_body> parser;
  impl_->stream->expires_after(request.timeout);
  error = co_await impl_->read(parser);
  if (error) throw impl_->fail(error, request);
  co_return impl_->finish(parser);
}

Awaitable<Bytes> Connection::download(Request request, Sink sink, TransferProgress progress) {
  co_await impl_->ensure_open();
  boost::system::error_code error = co_await impl_->write(request);
  if (error) throw impl_->fail(error, request);
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  co_await http::async_read_header(*impl_->stream, impl_->buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) throw impl_->fail(error, request);
  if (parser.get().result_int() >= 400) throw co_await impl_->refusal(std::move(parser), request);
  std::optional<Bytes> total;
  if (const auto length = parser.content_length()) total = Bytes{*length};
  std::vector<char> piece(kPiece);
  Bytes done;
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    impl_->stream->expires_after(request.timeout);
    co_await http::async_read(*impl_->stream, impl_->buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = {};
    if (error) throw impl_->fail(error, request);
    const std::size_t got = piece.size() - parser.get().body().size;
    sink({piece.data(), got});
    done = done + Bytes{got};
    if (progress) progress(done, total);
  }
  if (!parser.get().keep_alive()) impl_->close();
  co_return done;
}

Awaitable<std::unique_ptr<EventStream>> Connection::events(std::optional<std::uint64_t> since) {
  co_return co_await open_events(impl_->endpoint, since);
}

Awaitable<std::unique_ptr<WebSocket>> Connection::open_websocket(std::string target) {
  co_return co_await open_socket(impl_->endpoint, std::move(target));
}

}  // namespace visor::client
