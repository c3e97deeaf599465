// One connection: requests and answers until one side has enough.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "api/dispatcher.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "os/fd.h"

namespace visor::api {

/// How much anybody may take of the daemon.
struct Limits {
  std::chrono::milliseconds idle = std::chrono::seconds(60);        ///< between two requests
  std::chrono::milliseconds header = std::chrono::seconds(10);      ///< from the first byte to the end of the header
  std::chrono::milliseconds body_pause = std::chrono::seconds(30);  ///< without a further byte of the body
  std::chrono::milliseconds body_total = std::chrono::minutes(10);
  std::chrono::milliseconds write_pause = std::chrono::seconds(30);  ///< without the other end taking a byte
  std::chrono::milliseconds close_grace = std::chrono::seconds(2);   ///< for running requests when the daemon ends
  std::size_t connections = 512;
  std::size_t local_reserve = 64;  ///< of these only for the unix socket
};
inline constexpr unsigned kHeaderLimit = 16 * 1024;

class Connection {
 public:
  enum class State { idle, busy, streaming };

  virtual ~Connection() = default;
  /// Serves until the connection ends. Called once.
  virtual Awaitable<> run() = 0;
  /// Closes the socket now; run() ends soon.
  virtual void abort() = 0;
  /// The request that is being served is the last one.
  virtual void finish() = 0;
  virtual State state() const = 0;
};

/// `dispatcher` and `limits` outlive the connection.
std::shared_ptr<Connection> make_connection(boost::asio::any_io_executor executor, os::Fd socket, Peer peer,
                                            Dispatcher& dispatcher, const Limits& limits);

}  // namespace visor::api
