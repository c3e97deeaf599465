// A WebSocket as handlers see it (RFC 6455), without Beast.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http.h"
#include "loop/awaitable.h"

namespace visor::api {

inline constexpr unsigned kNormalEnd = 1000;  ///< RFC 6455 section 7.4

class WebSocket {
 public:
  virtual ~WebSocket() = default;

  enum class Kind { text, binary };
  /// The next message, at most 1 MiB; nothing when the other end has closed or is gone.
  virtual Awaitable<std::optional<std::string>> read() = 0;
  /// Throws Error{unavailable, "websocket.closed"} when the other end is gone.
  virtual Awaitable<> write(std::string message, Kind kind) = 0;
  /// Says goodbye and waits a moment for the answer. `code` as in RFC 6455 section 7.4.
  virtual Awaitable<> close(unsigned code, std::string reason) = 0;
};

/// Runs both directions of a connection until one of them ends, then ends the other. Errors of both are the normal end of a
/// connection and are not passed on.
Awaitable<> run_both(std::function<Awaitable<>()> outgoing, std::function<Awaitable<>()> incoming);

}  // namespace visor::api
