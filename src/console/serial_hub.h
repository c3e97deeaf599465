// The daemon's side of a machine's serial port.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"

namespace visor::console {

/// A byte stream to a serial port: many readers, each may write.
class SerialSession {
 public:
  virtual ~SerialSession() = default;
  /// The next bytes (first what was printed before, at most 256 KiB); empty when the machine has ended. A reader that is too slow
  /// loses the oldest bytes and finds a line in their place that says how many. One read at a time.
  virtual Awaitable<std::string> read() = 0;
  /// Types `bytes`, whole and after what was written before. Waits while the guest does not take its input:
  /// Error{timeout, "console.stalled"} when that lasts too long, Error{conflict, "console.closed"} when the machine has ended.
  virtual Awaitable<> write(std::string bytes) = 0;
};

struct SerialHubOptions {
  std::filesystem::path socket;  ///< of QEMU's character device, which takes one client: this hub
  /// What QEMU writes all output to (chardev `logfile`). QEMU must append (`logappend=on`), since the file is cut under its hands.
  std::filesystem::path log;
  Bytes history{std::uint64_t{256} << 10U};                        ///< kept for sessions that come later
  Bytes log_limit{std::uint64_t{4} << 20U};                        ///< the log is cut to the history's length when it passes this
  Bytes session_limit{std::uint64_t{1} << 20U};                    ///< unread bytes of one session
  Bytes input_limit{std::uint64_t{64} << 10U};                     ///< written bytes that the guest has not taken
  std::size_t sessions = 64;                                       ///< at the same time
  loop::Duration reconnect_delay = std::chrono::milliseconds(50);  ///< first pause between attempts; doubles up to two seconds
  loop::Duration write_timeout = std::chrono::seconds(10);
};

/// Reads everything that the guest prints, always, so that QEMU never waits for a reader; hands it to all sessions; connects
/// again when the connection breaks (a session does not notice). On the loop's thread. Whoever owns the machine calls close()
/// when its process has ended.
class SerialHub {
 public:
  /// Starts to connect at once.
  SerialHub(boost::asio::any_io_executor executor, SerialHubOptions options);
  /// Ends like close(), without waiting.
  ~SerialHub();
  SerialHub(const SerialHub&) = delete;
  SerialHub& operator=(const SerialHub&) = delete;

  /// A new session; it may outlive the hub. Error{conflict, "console.too_many_sessions"} beyond the limit,
  /// Error{conflict, "console.closed"} after close().
  std::unique_ptr<SerialSession> open();
  bool connected() const noexcept;
  /// The machine has ended: sessions read what is left and then nothing. Waits until the hub has let go of everything.
  Awaitable<> close();

 private:
  struct State;
  class Session;
  std::shared_ptr<State> state_;
};

}  // namespace visor::console
