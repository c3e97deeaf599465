// HTTP/1.1 to the daemon: one request at a time on a connection that is kept open.
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "client/endpoint.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"

namespace visor::client {

class EventStream;
class WebSocket;

struct Request {
  std::string method = "GET";
  std::string target;  ///< path and query, percent-encoded ("/api/v1/machines")
  std::string body;
  std::string content_type = "application/json";
  std::optional<std::uint64_t> if_match;              ///< revision for If-Match
  loop::Duration timeout = std::chrono::seconds(30);  ///< for the whole answer
};

struct Response {
  unsigned status = 0;
  std::string content_type;
  std::string etag;
  std::string body;
};

/// Called as bytes pass: how many so far, and of how many when that is known.
using TransferProgress = std::function<void(Bytes done, std::optional<Bytes> total)>;

/// Gives the next bytes of an upload, at most `limit`; empty at the end.
using Source = std::function<std::string(std::size_t limit)>;
/// Takes the next bytes of a download.
using Sink = std::function<void(std::string_view bytes)>;

/// A connection to the daemon. It opens itself, and again after the daemon closed it while idle. Not for two requests at
/// the same time, and to be destroyed before the event loop on which its methods ran. All methods throw Error: what the daemon answered (its problem object), `client.no_daemon` when nobody
/// listens, `client.no_permission`, `client.disconnected` when the answer broke off, `client.timeout`.
class Connection {
 public:
  explicit Connection(Endpoint endpoint);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  const Endpoint& endpoint() const noexcept;

  /// Sends a request and reads the whole answer (at most 64 MiB). A status of 400 or more is thrown.
  Awaitable<Response> send(Request request);
  /// send() that returns the answer's JSON (null for an empty answer).
  Awaitable<boost::json::value> call(Request request);

  /// Sends `size` bytes from `source` as the body. The timeout of the request is for each piece, not for the whole.
  Awaitable<Response> upload(Request request, Bytes size, Source source, TransferProgress progress);
  /// Hands the body of the answer to `sink`; returns its size. The timeout is for each piece.
  Awaitable<Bytes> download(Request request, Sink sink, TransferProgress progress);

  /// The daemon's events (server-sent) on a connection of their own; `since` resumes after that sequence number.
  Awaitable<std::unique_ptr<EventStream>> events(std::optional<std::uint64_t> since);
  /// A WebSocket on a connection of its own; `target` carries its ticket.
  Awaitable<std::unique_ptr<WebSocket>> open_websocket(std::string target);

  /// Ends the request in flight with Error{cancelled}. For signal handlers that run on the loop.
  void cancel() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace visor::client
