// The stream of events: server-sent events (WHATWG HTML, section 9.2) and, with an upgrade, a WebSocket.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "api/routes.h"
#include "api/web_socket.h"
#include "loop/event_loop.h"

namespace visor::api {
namespace {

/// Proxies and browsers drop connections on which nothing moves.
constexpr std::chrono::seconds kKeepAlive{15};

/// Readings come in bursts, one for each machine: so long is gathered what goes to the client in one piece, of at most this size.
constexpr std::chrono::milliseconds kGather{20};
constexpr std::size_t kPiece = 32768;

/// Where to resume: the browser repeats the last id by itself in Last-Event-ID, which is later than what the URL says.
std::optional<std::uint64_t> resume_after(const Request& request) {
  const std::string_view header = request.headers.find("Last-Event-ID");
  const std::string asked = request.query_value("since").value_or("");
  const std::string_view text = header.empty() ? std::string_view(asked) : header;
  if (text.empty()) return std::nullopt;
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::invalid, "events.since", "since and Last-Event-ID are the sequence number of an event.");
  }
  return sequence;
}

/// `text` with every line break replaced, so that an event cannot make up another one.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

std::string server_sent(const engine::Event& event) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.sequence, one_line(event.type), one_line(event.data));
}

std::string as_message(const engine::Event& event) {
  return fmt::format("{{\"sequence\":{},\"type\":{},\"data\":{}}}", event.sequence,
                     boost::json::serialize(boost::json::string(event.type)), event.data.empty() ? "null" : event.data);
}

Awaitable<> send_events(engine::EventReader& reader, EventStream& stream) {
  // Tells the browser how long to wait before it connects again; also makes the answer visible at once.
  co_await stream.write("retry: 1000\n\n");
  for (;;) {
    std::optional<engine::Event> event = co_await reader.next(kKeepAlive);
    std::string text = event ? server_sent(*event) : ": still here\n\n";
    if (event && event->type == "metrics") co_await loop::sleep_for(kGather);
    while (event && text.size() < kPiece && (event = co_await reader.next({}))) text += server_sent(*event);
    co_await stream.write(std::move(text));
  }
}

Awaitable<> send_messages(engine::EventReader& reader, WebSocket& socket) {
  for (;;) {
    // The WebSocket sends its own pings, so that a time-out needs no message.
    if (const std::optional<engine::Event> event = co_await reader.next(kKeepAlive)) {
      co_await socket.write(as_message(*event), WebSocket::Kind::text);
    }
  }
}

Awaitable<> ignore_messages(WebSocket& socket) {
  while (co_await socket.read()) {
  }
}

}  // namespace

void add_event_routes(Router& router, Context& context) {
  router.add(
      {.method = Method::get,
       .pattern = kBase + "/events",
       .id = "streamEvents",
       .tag = "events",
       .summary = "Everything that happens, as server-sent events or, with an upgrade, as WebSocket messages",
       .query = {{.name = "since",
                  .type = QueryParameter::Type::number,
                  .description = "Deliver what happened after this sequence number; Last-Event-ID goes before it.",
                  .minimum = 0,
                  .maximum = std::numeric_limits<std::int64_t>::max()}},
       .answers = {{200, "Events with id (sequence number), event (kind of object) and data (JSON).", {}, "text/event-stream"}},
       .stream = [&context](const Request& request) -> Awaitable<StreamRun> {
         std::shared_ptr<engine::EventReader> reader = context.service.events(resume_after(request));
         co_return [reader](EventStream& stream) -> Awaitable<> { co_await send_events(*reader, stream); };
       },
       .websocket = [&context](const Request& request) -> Awaitable<WebSocketRun> {
         std::shared_ptr<engine::EventReader> reader = context.service.events(resume_after(request));
         co_return [reader](WebSocket& socket) -> Awaitable<> {
           co_await run_both([&]() -> Awaitable<> { co_await send_messages(*reader, socket); },
                             [&]() -> Awaitable<> { co_await ignore_messages(socket); });
         };
       }});
}

}  // namespace visor::api
