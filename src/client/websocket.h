// A WebSocket to the daemon: bytes of a serial port.
#pragma once

#include <memory>
#include <string>

#include "loop/awaitable.h"

namespace visor::client {

/// Binary messages both ways. One read and one write may be under way at the same time.
class WebSocket {
 public:
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next message; empty when the daemon has closed the connection. Throws Error `client.disconnected`.
  Awaitable<std::string> read();
  /// Sends a binary message.
  Awaitable<> write(std::string bytes);
  /// Says goodbye; never throws and takes a second at most.
  Awaitable<> close();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace visor::client
