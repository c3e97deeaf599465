// A client of one QEMU monitor (QEMU Machine Protocol, docs/interop/qmp-spec.txt of QEMU).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "os/fd.h"

namespace visor::qmp {

/// How long connecting may take: QEMU answers after its start is through, which is slow when the host is busy.
inline constexpr loop::Duration kConnectTimeout = std::chrono::seconds(30);
/// How long an ordinary command may take. Nearly all answer within a millisecond; one that waits for a disk may not.
inline constexpr loop::Duration kCommandTimeout = std::chrono::seconds(30);

/// Something that QEMU said without being asked.
struct Event {
  std::string name;  ///< "SHUTDOWN"
  boost::json::object data;
  WallTime timestamp;
};

/// QEMU's version from its greeting.
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned micro = 0;
  std::string package;  ///< "Debian 1:7.2+dfsg-7", made printable
};

/// One connection to a monitor. All on the loop's thread; any number of commands may be under way.
///
/// What QEMU says is limited and checked: a compromised QEMU can end its own connection, no more. Errors of commands:
/// `qemu.<class>` (`qemu.generic_error`, `qemu.device_not_found`, ...) with QEMU's own sentence; `qemu.timeout` when no answer
/// came in time (a later one is dropped); Error{unavailable, "qemu.gone"} when the connection ended before the answer;
/// Error{cancelled} when the caller was cancelled.
class Client {
  struct State;

 public:
  using EventHandler = std::function<void(const Event&)>;
  using CloseHandler = std::function<void(const Error&)>;

  /// Negotiates on a socket that is connected to the monitor (out-of-band execution where offered). Error{unavailable,
  /// "qemu.gone"} when QEMU hangs up, Error{timeout, "qemu.timeout"} without a greeting in time. Whoever made the listening
  /// socket for QEMU must have closed his own copy of it, or a dead QEMU seems to be a silent one.
  static Awaitable<std::unique_ptr<Client>> adopt(os::Fd socket, loop::Duration timeout = kConnectTimeout);
  /// For adopt(): nobody else can name a State.
  explicit Client(std::shared_ptr<State> state);
  /// Hangs up. Commands under way fail with `qemu.gone`; no handler is called any more.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Runs a command and returns the "return" member of the answer.
  Awaitable<boost::json::value> execute(std::string command, boost::json::object arguments = {},
                                        loop::Duration timeout = kCommandTimeout);
  /// The same for the few commands that QEMU takes out of band (migrate-recover, migrate-pause, yank): answered also while
  /// another command blocks the monitor. Error{unsupported, "qemu.no_oob"} when QEMU did not offer it.
  Awaitable<boost::json::value> execute_out_of_band(std::string command, boost::json::object arguments = {},
                                                    loop::Duration timeout = kCommandTimeout);
  /// Runs `getfd` or `add-fd`: QEMU gets a duplicate of `descriptor`, the caller keeps his own. One at a time, because QEMU
  /// remembers one descriptor per connection only.
  Awaitable<boost::json::value> execute_with_fd(std::string command, boost::json::object arguments, const os::Fd& descriptor,
                                                loop::Duration timeout = kCommandTimeout);

  /// Sets the one handler of events. Events that came before are given to it at once. It may destroy the client.
  void on_event(EventHandler handler);
  /// Sets the one handler for the end of the connection, called once with the reason (`qemu.gone`, or `qemu.corrupt` when QEMU
  /// spoke nonsense); at once when it has ended already. Not called after close(). It may destroy the client.
  void on_close(CloseHandler handler);

  bool connected() const noexcept;
  const Version& version() const noexcept;
  /// Hangs up and waits until nothing of the client runs any more.
  Awaitable<> close();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace visor::qmp
