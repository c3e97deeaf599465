// The daemon's events as they come (server-sent events).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/awaitable.h"

namespace visor::client {

struct Event {
  std::uint64_t sequence = 0;
  std::string type;  ///< machine, image, task, metrics, host, resync
  std::string data;  ///< JSON text
};

/// Takes a text/event-stream apart (WHATWG HTML, section 9.2), whatever the pieces it comes in.
class EventParser {
 public:
  /// The events that are complete after these bytes. A line longer than 16 MiB is dropped.
  std::vector<Event> feed(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<Event>& events);

  std::string partial_;
  Event current_;
  bool has_data_ = false;
};

class EventStream {
 public:
  struct Impl;
  explicit EventStream(std::unique_ptr<Impl> impl);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// The next event; nothing when the daemon has ended the stream. Throws Error `client.timeout` after a minute in which
  /// not even a keep-alive came, `client.disconnected` when the connection broke.
  Awaitable<std::optional<Event>> next();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace visor::client
