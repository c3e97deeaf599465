#include "client/event_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <utility>

#include "client/stream.h"
#include "client/streams.h"

namespace visor::client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto kSilence = std::chrono::seconds(60);

Request events_request(std::optional<std::uint64_t> since) {
  Request request;
  request.target = with_query("/api/v1/events", {{"since", since ? std::to_string(*since) : ""}});
  return request;
}

}  // namespace

struct EventStream::Impl {
  explicit Impl(const asio::any_io_executor& executor) : stream(executor) { response.body_limit(boost::none); }

  Stream stream;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> response;
  EventParser parser;
  std::deque<Event> ready;
};

EventStream::EventStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventStream::~EventStream() = default;

Awaitable<std::optional<Event>> EventStream::next() {
  std::array<char, 16384> piece;
  while (impl_->ready.empty()) {
    if (impl_->response.is_done()) co_return std::nullopt;
    impl_->response.get().body().data = piece.data();
    impl_->response.get().body().size = piece.size();
    boost::system::error_code error;
    impl_->stream.expires_after(kSilence);
    co_await http::async_read_some(impl_->stream, impl_->buffer, impl_->response,
                                   asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = {};
    if (error == http::error::end_of_stream) co_return std::nullopt;
    if (error) throw transport_error(error, "GET /api/v1/events", kSilence);
    const std::size_t got = piece.size() - impl_->response.get().body().size;
    for (Event& event : impl_->parser.feed({piece.data(), got})) impl_->ready.push_back(std::move(event));
  }
  Event event = std::move(impl_->ready.front());
  impl_->ready.pop_front();
  co_return event;
}

Awaitable<std::unique_ptr<EventStream>> open_events(Endpoint endpoint, std::optional<std::uint64_t> since) {
  auto impl = std::make_unique<EventStream::Impl>(co_await asio::this_coro::executor);
  co_await connect(impl->stream, endpoint, std::chrono::seconds(10));
  const Request request = events_request(since);
  HttpRequest message = make_request(endpoint, request);
  message.set(http::field::accept, "text/event-stream");
  boost::system::error_code error;
  impl->stream.expires_after(request.timeout);
  co_await http::async_write(impl->stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    co_await http::async_read_header(impl->stream, impl->buffer, impl->response,
                                     asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) throw transport_error(error, describe(request), request.timeout);
  if (impl->response.get().result_int() >= 400) {
    http::response_parser<http::string_body> refusal(std::move(impl->response));
    co_await http::async_read(impl->stream, impl->buffer, refusal, asio::redirect_error(asio::use_awaitable, error));
    throw answer_error(refusal.get().result_int(), std::string(refusal.get()[http::field::content_type]), refusal.get().body());
  }
  co_return std::make_unique<EventStream>(std::move(impl));
}

}  // namespace visor::client
