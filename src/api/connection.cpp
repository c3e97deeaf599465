#include "api/connection.h"

#include <sys/socket.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "api/connection_websocket.h"
#include "api/web_socket.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"

namespace visor::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadSize = 8192;
/// How much of a refused body is read and thrown away so that the sender gets to see the refusal.
constexpr std::uint64_t kDrainLimit = std::uint64_t{256} << 20U;
constexpr std::chrono::seconds kDrainTime{10};

auto with_error(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

Error too_large(Bytes limit) {
  return {ErrorKind::too_large, "request.too_large",
          "The body is larger than " + format_bytes(limit) + ", which is the most that is taken here."};
}

/// Answers that are no pages may never act as one.
void add_common_headers(const Admission* admission, Headers& headers) {
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("X-Frame-Options", "DENY");
  const bool page = admission != nullptr && admission->route == nullptr;
  if (!page) {
    headers.add("Cache-Control", "no-store");
    headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
  }
  if (admission != nullptr && !admission->renewed_cookie.empty() && !headers.contains("Set-Cookie")) {
    headers.add("Set-Cookie", admission->renewed_cookie);
  }
}

template <class Message>
void set_headers(Message& message, const Response& response) {
  for (const auto& [name, value] : response.headers.fields()) {
    const bool clean = std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (!clean) throw Error(ErrorKind::internal, "internal", "A header field would have held a control character.");
    message.insert(name, value);
  }
}

RequestHead head_of(const Parser::value_type& message) {
  RequestHead head;
  head.method = std::string(message.method_string());
  head.target = std::string(message.target());
  for (const auto& field : message) head.headers.add(std::string(field.name_string()), std::string(field.value()));
  head.websocket = beast::websocket::is_upgrade(message);
  return head;
}

class HttpConnection final : public Connection {
 public:
  HttpConnection(asio::any_io_executor executor, os::Fd socket, Peer peer, Dispatcher& dispatcher, const Limits& limits)
      : stream_(std::move(executor)), peer_(std::move(peer)), dispatcher_(dispatcher), limits_(limits) {
    stream_.socket().assign(asio::generic::stream_protocol(peer_.local ? AF_UNIX : AF_INET, 0), socket.get());
    [[maybe_unused]] const int number = socket.release();
  }

  Awaitable<> run() override {
    try {
      while (co_await serve_one()) {
      }
    } catch (const boost::system::system_error& error) {
      log::debug("connection of {}: {}", peer_.address, error.what());
    } catch (const Error& error) {
      log::debug("connection of {}: {}", peer_.address, error.what());
    } catch (const std::exception& error) {
      log::error("connection of {}: {}", peer_.address, error.what());
    }
    abort();
  }

  void abort() override {
    boost::system::error_code ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
    stream_.close();
  }
  void finish() override { last_ = true; }
  State state() const override { return state_; }

 private:
  /// One request; false when the connection is to be closed.
  Awaitable<bool> serve_one() {
    state_ = State::idle;
    if (buffer_.size() == 0 && !co_await wait_for_request()) co_return false;
    state_ = State::busy;
    Parser parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(boost::none);
    if (!co_await read_header(parser)) co_return false;
    const RequestHead head = head_of(parser.get());
    is_head_ = head.method == "HEAD";
    std::optional<Admission> admission;
    std::optional<Response> refusal;
    try {
      admission = dispatcher_.admit(head, peer_);
      co_await read_body(parser, *admission);
    } catch (const Error& error) {
      refusal = dispatcher_.refusal(error, head);
    }
    keep_ = parser.keep_alive() && parser.is_done() && !last_;
    if (refusal) {
      co_await write(std::move(*refusal), nullptr);
      if (!parser.is_done()) co_await drain();
      co_return keep_;
    }
    admission->request.body = std::move(parser.get().body());
    const Route* route = admission->route;
    const bool handled = route == nullptr || (route->handler && !(head.websocket && route->websocket));
    if (handled) co_return co_await answer(*admission, head);
    co_return co_await answer_streaming(*admission, head, parser.get());
  }

  Awaitable<bool> wait_for_request() {
    stream_.expires_after(served_ ? limits_.idle : limits_.header);
    served_ = true;
    boost::system::error_code error;
    const std::size_t size = co_await stream_.async_read_some(buffer_.prepare(kReadSize), with_error(error));
    buffer_.commit(size);
    co_return !error;
  }

  Awaitable<bool> read_header(Parser& parser) {
    stream_.expires_after(limits_.header);
    boost::system::error_code error;
    co_await http::async_read_header(stream_, buffer_, parser, with_error(error));
    if (!error) co_return true;
    keep_ = false;
    if (error == http::error::header_limit) {
      co_await write(problem(Error(ErrorKind::invalid, "request.header_too_large", "The header is larger than 16 KiB.")),
                     nullptr);
      co_await drain();
    } else if (error.category() == http::make_error_code(http::error::bad_target).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      co_await write(problem(Error(ErrorKind::invalid, "request.malformed", "This is not HTTP/1.1: " + error.message() + ".")),
                     nullptr);
      co_await drain();
    }
    co_return false;
  }

  Awaitable<> read_body(Parser& parser, const Admission& admission) {
    const Bytes limit = admission.body_limit;
    if (parser.content_length().value_or(0) > limit.count) throw too_large(limit);
    if (parser.is_done()) co_return;
    parser.body_limit(limit.count);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      stream_.expires_after(limits_.write_pause);
      co_await asio::async_write(stream_, asio::buffer(kContinue), asio::use_awaitable);
    }
    const auto deadline = std::chrono::steady_clock::now() + limits_.body_total;
    while (!parser.is_done()) {
      stream_.expires_after(limits_.body_pause);
      boost::system::error_code error;
      co_await http::async_read_some(stream_, buffer_, parser, with_error(error));
      if (error == http::error::body_limit) throw too_large(limit);
      if (error.category() == http::make_error_code(http::error::bad_target).category() &&
          error != http::error::partial_message) {
        throw Error(ErrorKind::invalid, "request.malformed", "The body is broken: " + error.message() + ".");
      }
      if (error) throw boost::system::system_error(error);
      if (std::chrono::steady_clock::now() > deadline) throw boost::system::system_error(beast::error::timeout);
    }
  }

  Awaitable<bool> answer(const Admission& admission, const RequestHead& head) {
    std::optional<Response> response;
    try {
      response = co_await dispatcher_.answer(admission);
    } catch (const Error& error) {
      response = dispatcher_.refusal(error, head);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) throw;
      response = defect(error, head);
    } catch (const std::exception& error) {
      response = defect(error, head);
    }
    co_await write(std::move(*response), &admission);
    co_return keep_ && !last_;
  }

  /// Server-sent events and WebSockets: what is refused is refused before the stream begins.
  Awaitable<bool> answer_streaming(const Admission& admission, const RequestHead& head, const Parser::value_type& message) {
    std::optional<Response> refusal;
    StreamRun stream;
    WebSocketRun websocket;
    try {
      if (head.websocket && admission.route->websocket) {
        if (buffer_.size() > 0)
          throw Error(ErrorKind::invalid, "websocket.early", "Messages came before the WebSocket was open.");
        websocket = co_await admission.route->websocket(admission.request);
      } else {
        stream = co_await admission.route->stream(admission.request);
      }
    } catch (const Error& error) {
      refusal = dispatcher_.refusal(error, head);
    }
    if (refusal) {
      co_await write(std::move(*refusal), &admission);
      co_return keep_;
    }
    state_ = State::streaming;
    if (websocket) {
      stream_.expires_never();
      co_await serve_websocket(stream_, message, websocket);
    } else {
      co_await stream_events(admission, stream);
    }
    co_return false;
  }

  Awaitable<> stream_events(const Admission& admission, const StreamRun& run) {
    Response response;
    add_common_headers(&admission, response.headers);
    http::response<http::empty_body> message(http::status::ok, 11);
    message.set(http::field::content_type, "text/event-stream");
    set_headers(message, response);
    message.chunked(true);
    message.keep_alive(false);
    http::response_serializer<http::empty_body> serializer(message);
    stream_.expires_after(limits_.write_pause);
    co_await http::async_write_header(stream_, serializer, asio::use_awaitable);
    if (is_head_) co_return;
    Events events(*this);
    co_await run_both([&]() -> Awaitable<> { co_await run(events); }, [&]() -> Awaitable<> { co_await until_gone(); });
  }

  /// Returns when the reader of a stream has left, which writing would show much later.
  Awaitable<> until_gone() {
    std::array<char, 256> scratch{};
    boost::system::error_code error;
    while (!error) co_await stream_.socket().async_read_some(asio::buffer(scratch), with_error(error));
  }

  Awaitable<> write(Response response, const Admission* admission) {
    add_common_headers(admission, response.headers);
    const std::string_view content = response.content();
    const bool bodiless = response.status == 204 || response.status == 304;
    http::response<http::span_body<const char>> message(http::int_to_status(response.status), 11);
    set_headers(message, response);
    if (!bodiless) {
      message.set(http::field::content_type, response.content_type);
      message.content_length(content.size());
      if (!is_head_) message.body() = {content.data(), content.size()};
    }
    message.keep_alive(keep_);
    http::response_serializer<http::span_body<const char>> serializer(message);
    while (!serializer.is_done()) {
      stream_.expires_after(limits_.write_pause);
      co_await http::async_write_some(stream_, serializer, asio::use_awaitable);
    }
    if (response.status == 401 || response.status == 403) log::debug("{} refused: {}", peer_.address, response.status);
  }

  /// Lets a sender finish what will not be read, for a while: closing at once could destroy our answer on its way.
  Awaitable<> drain() {
    state_ = State::idle;
    boost::system::error_code error;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, error);
    std::string scratch(65536, '\0');
    stream_.expires_after(kDrainTime);
    for (std::uint64_t total = 0; !error && total < kDrainLimit;) {
      total += co_await stream_.async_read_some(asio::buffer(scratch), with_error(error));
    }
  }

  Response problem(const Error& error) { return dispatcher_.refusal(error, RequestHead{}); }

  /// Something that should not have been thrown: the client gets a number, the log gets the rest.
  Response defect(const std::exception& error, const RequestHead& head) {
    const std::string id = make_secret(8);
    log::error("defect {}: {} {}: {}", id, head.method, head.target.substr(0, head.target.find('?')), error.what());
    Response response =
        problem(Error(ErrorKind::internal, "internal", "Visor has made a mistake; its log has more under " + id + "."));
    response.headers.add("X-Request-Id", id);
    return response;
  }

  class Events final : public EventStream {
   public:
    explicit Events(HttpConnection& owner) : owner_(owner) {}
    Awaitable<> write(std::string text) override {
      owner_.stream_.expires_after(owner_.limits_.write_pause);
      co_await asio::async_write(owner_.stream_, http::make_chunk(asio::buffer(text)), asio::use_awaitable);
    }

   private:
    HttpConnection& owner_;
  };

  Stream stream_;
  Peer peer_;
  Dispatcher& dispatcher_;
  const Limits& limits_;
  beast::flat_buffer buffer_;
  State state_ = State::idle;
  bool served_ = false;
  bool last_ = false;
  bool keep_ = false;
  bool is_head_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(asio::any_io_executor executor, os::Fd socket, Peer peer, Dispatcher& dispatcher,
                                            const Limits& limits) {
  return std::make_shared<HttpConnection>(std::move(executor), std::move(socket), std::move(peer), dispatcher, limits);
}

}  // namespace visor::api
