// Requests and answers as the routes see them: plain data, no sockets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/authenticator.h"
#include "loop/awaitable.h"

namespace visor::api {

enum class Method { get, post, put, patch, delete_ };

/// "GET"...
std::string_view to_string(Method method) noexcept;
std::optional<Method> method_from(std::string_view name) noexcept;

/// Header fields. Names compare without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field with this name; empty if there is none.
  std::string_view find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept;
  /// How many fields have this name.
  std::size_t count(std::string_view name) const noexcept;
  const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// The connection that a request came by.
struct Peer {
  bool local = false;         ///< a unix socket
  bool trusted = false;       ///< a unix socket whose other end is one of us (SO_PEERCRED)
  std::string address;        ///< of the other end, for logs and throttling
  std::string local_address;  ///< the address that was connected to; empty for unix sockets
};

/// The first part of a request, before its body is read.
struct RequestHead {
  std::string method;
  std::string target;
  Headers headers;
  bool websocket = false;  ///< asks to become a WebSocket
};

struct Request {
  Method method = Method::get;
  std::map<std::string, std::string> parameters;  ///< of the path, percent-decoded
  std::map<std::string, std::string> query;       ///< percent-decoded
  Headers headers;
  std::string body;
  Peer peer;
  auth::Principal principal;
  std::string session_cookie;  ///< as sent, empty if none

  const std::string& parameter(const std::string& name) const { return parameters.at(name); }
  std::optional<std::string> query_value(const std::string& name) const;
  /// "true" or "false"; false when missing. Checked by the router against the route's declaration.
  bool flag(const std::string& name) const;
};

/// An answer. Its content is `body`, or `embedded` (bytes that live as long as the program).
struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view embedded;
  Headers headers;

  std::string_view content() const noexcept { return embedded.empty() ? std::string_view(body) : embedded; }
};

/// A WebSocket of a handler. Implemented in web_socket.cpp.
class WebSocket;
/// A stream of server-sent events of a handler. Implemented in connection.cpp.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Sends text as it is. Throws Error when the reader is gone or takes nothing for half a minute.
  virtual Awaitable<> write(std::string text) = 0;
};

using Handler = std::function<Awaitable<Response>(const Request&)>;
/// What goes on after the answer's head. Made before it, so that a refusal is still an ordinary answer.
using StreamRun = std::function<Awaitable<>(EventStream&)>;
using StreamHandler = std::function<Awaitable<StreamRun>(const Request&)>;
using WebSocketRun = std::function<Awaitable<>(WebSocket&)>;
using WebSocketHandler = std::function<Awaitable<WebSocketRun>(const Request&)>;

/// Decodes %XX. Nothing for broken escapes, control characters and text that is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);
/// The value of a cookie; empty if there is none.
std::string_view find_cookie(std::string_view cookie_header, std::string_view name);
/// Whether a comma-separated header field contains `token` (without regard to case).
bool has_token(std::string_view field, std::string_view token);

}  // namespace visor::api
