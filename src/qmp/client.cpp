#include "qmp/client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/json_compact.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "qmp/errors.h"
#include "qmp/line_buffer.h"
#include "qmp/wire.h"

namespace visor::qmp {
namespace {

using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using Socket = boost::asio::local::stream_protocol::socket;
using Clock = std::chrono::steady_clock;

/// query-qmp-schema of QEMU 7.2 has 0.2 MiB; nothing honest comes near this.
constexpr Bytes kMonitorLineLimit{std::uint64_t{16} << 20U};
/// Events kept until somebody listens.
constexpr std::size_t kEarlyEvents = 256;
/// Commands that wait for room in the socket's buffer; more means that QEMU hangs for long.
constexpr std::size_t kOutgoingLimit = 1024;

/// A command whose answer has not come. The timer is its deadline; cancelling the timer wakes the caller.
struct Pending {
  boost::asio::steady_timer timer;
  std::optional<boost::json::value> result;
  std::exception_ptr failure;

  bool answered() const { return result || failure; }
};

boost::json::value parse_message(const std::string& line) {
  try {
    return json::parse_compact(line, kMonitorLineLimit);
  } catch (const Error& error) {
    throw corrupt_error(error.what());
  }
}

/// A handler's failure is its own: it says nothing about QEMU and must not end the connection.
void call_handler(const Client::EventHandler& handler, const Event& event) {
  try {
    handler(event);
  } catch (const std::exception& error) {
    log::error("Handling QEMU's event {} failed: {}", event.name, error.what());
  }
}

}  // namespace

/// Shared with the reader, the writer and every caller that waits, so that the Client may be destroyed at any time.
struct Client::State : std::enable_shared_from_this<Client::State> {
  State(boost::asio::any_io_executor where, Socket connected_socket)
      : executor(where), socket(std::move(connected_socket)), greeted(where), descriptors(where), tasks(where) {}

  boost::asio::any_io_executor executor;
  Socket socket;
  LineBuffer lines{kMonitorLineLimit};
  std::deque<Outgoing> outgoing;
  bool writer_runs = false;
  std::map<std::uint64_t, std::shared_ptr<Pending>> pending;
  std::uint64_t next_id = 1;
  std::optional<boost::json::object> greeting;
  Version version;
  bool oob = false;
  std::optional<Error> ended;
  bool silent = false;  ///< close() or the destructor: nobody wants to hear of the end
  std::vector<Event> early_events;
  EventHandler event_handler;
  CloseHandler close_handler;
  loop::Notifier greeted;
  loop::KeyedQueue descriptors;
  loop::TaskGroup tasks;

  void start();
  Awaitable<> read();
  Awaitable<> write();
  void take_line(const std::string& line);
  void take_event(const boost::json::object& message, const boost::json::string& name);
  void take_reply(boost::json::object& message);
  void send(Outgoing message);
  void flush();
  void end(const Error& reason);
  Awaitable<> negotiate(loop::Duration timeout);
  Awaitable<boost::json::value> call(std::string name, boost::json::object command, os::Fd descriptor, loop::Duration timeout);
};

void Client::State::start() {
  tasks.spawn("read QEMU's monitor", [self = shared_from_this()]() -> Awaitable<> { co_await self->read(); });
}

Awaitable<> Client::State::read() {
  std::array<char, 16384> piece;
  while (!ended) {
    boost::system::error_code error;
    const std::size_t got = co_await socket.async_read_some(boost::asio::buffer(piece), redirect_error(use_awaitable, error));
    if (error) {
      end(gone_error());
      co_return;
    }
    lines.append({piece.data(), got});
    try {
      while (!ended) {
        const std::optional<std::string> line = lines.next();
        if (!line) break;
        if (!line->empty()) take_line(*line);
      }
      if (lines.overflowed()) throw corrupt_error("a line is longer than 16 MiB");
    } catch (const Error& nonsense) {
      end(nonsense);
    }
  }
}

void Client::State::take_line(const std::string& line) {
  boost::json::value message = parse_message(line);
  if (!message.is_object()) throw corrupt_error("a message is no object");
  boost::json::object& object = message.get_object();
  if (const boost::json::value* hello = object.if_contains("QMP")) {
    if (greeting || !hello->is_object()) throw corrupt_error("an unexpected greeting");
    greeting = hello->get_object();
    greeted.notify_all();
  } else if (const boost::json::value* event = object.if_contains("event")) {
    if (!event->is_string()) throw corrupt_error("an event without a name");
    take_event(object, event->get_string());
  } else {
    take_reply(object);
  }
}

void Client::State::take_event(const boost::json::object& message, const boost::json::string& name) {
  Event event{std::string(name), {}, event_time(message)};
  if (const boost::json::value* data = message.if_contains("data"); data != nullptr && data->is_object())
    event.data = data->get_object();
  if (event_handler) {
    // A copy, because the handler may set another one or destroy the client.
    const EventHandler handler = event_handler;
    call_handler(handler, event);
  } else if (early_events.size() < kEarlyEvents) {
    early_events.push_back(std::move(event));
  }
}

void Client::State::take_reply(boost::json::object& message) {
  auto found = pending.end();
  if (const boost::json::value* id = message.if_contains("id")) {
    // The id of a command that nobody waits for any more is fine: it came too late.
    if (id->is_int64() && id->get_int64() > 0) found = pending.find(static_cast<std::uint64_t>(id->get_int64()));
  } else {
    // QEMU leaves the id out when it could not read the command.
    found = pending.begin();
  }
  if (found == pending.end()) return;
  const std::shared_ptr<Pending> waiting = found->second;
  pending.erase(found);
  if (boost::json::value* result = message.if_contains("return")) {
    waiting->result.emplace(std::move(*result));
  } else if (const boost::json::value* error = message.if_contains("error"); error != nullptr && error->is_object()) {
    waiting->failure = std::make_exception_ptr(command_error("qemu", error->get_object()));
  } else {
    waiting->failure = std::make_exception_ptr(corrupt_error("an answer without a result"));
  }
  waiting->timer.cancel();
}

void Client::State::send(Outgoing message) {
  outgoing.push_back(std::move(message));
  flush();
  if (outgoing.empty() || writer_runs || ended) return;
  writer_runs = true;
  tasks.spawn("write to QEMU's monitor", [self = shared_from_this()]() -> Awaitable<> { co_await self->write(); });
}

void Client::State::flush() {
  while (!outgoing.empty() && !ended) {
    Outgoing& message = outgoing.front();
    const ssize_t sent = send_part(socket.native_handle(), message);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) end(gone_error());
      return;
    }
    message.descriptor.reset();
    message.sent += static_cast<std::size_t>(sent);
    if (message.sent == message.bytes.size()) outgoing.pop_front();
  }
}

Awaitable<> Client::State::write() {
  while (!outgoing.empty() && !ended) {
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_write, redirect_error(use_awaitable, error));
    if (error) break;
    flush();
  }
  writer_runs = false;
}

void Client::State::end(const Error& reason) {
  if (ended) return;
  ended = reason;
  boost::system::error_code ignored;
  socket.close(ignored);
  outgoing.clear();
  for (auto& [id, waiting] : std::exchange(pending, {})) {
    waiting->failure = std::make_exception_ptr(reason);
    waiting->timer.cancel();
  }
  greeted.notify_all();
  const CloseHandler handler = std::exchange(close_handler, nullptr);
  if (handler && !silent) handler(reason);
}

Awaitable<> Client::State::negotiate(loop::Duration timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (!greeting && !ended) {
    const loop::Duration left = deadline - Clock::now();
    if (left <= loop::Duration::zero() || (!co_await greeted.wait(left) && !greeting && !ended)) {
      throw Error(ErrorKind::timeout, "qemu.timeout",
                  fmt::format("QEMU's monitor said nothing within {:g} s.", std::chrono::duration<double>(timeout).count()),
                  "The host may be overloaded, or another program is connected to the monitor.");
    }
  }
  if (ended) throw Error(*ended);
  version = read_version(*greeting);
  oob = offers_oob(*greeting);
  boost::json::object arguments;
  if (oob) arguments["enable"] = boost::json::array{"oob"};
  boost::json::object command{{"execute", "qmp_capabilities"}, {"arguments", std::move(arguments)}};
  co_await call("qmp_capabilities", std::move(command), os::Fd(), deadline - Clock::now());
}

Awaitable<boost::json::value> Client::State::call(std::string name, boost::json::object command, os::Fd descriptor,
                                                  loop::Duration timeout) {
  if (ended) throw Error(*ended);
  const std::uint64_t id = next_id++;
  command["id"] = id;
  std::string bytes = boost::json::serialize(command);
  // QEMU answers text that it cannot read without saying whom the answer is for.
  if (!text::is_utf8(bytes)) {
    throw Error(ErrorKind::invalid, "qemu.command_invalid",
                fmt::format("The arguments of '{}' are no valid UTF-8.", text::printable(name)));
  }
  if (outgoing.size() >= kOutgoingLimit) {
    throw Error(ErrorKind::unavailable, "qemu.busy", "QEMU has not read its monitor for long; too many commands wait already.");
  }
  bytes += '\n';
  auto waiting = std::make_shared<Pending>(Pending{boost::asio::steady_timer(executor, timeout), {}, {}});
  pending[id] = waiting;
  const std::shared_ptr<State> self = shared_from_this();
  const std::shared_ptr<void> forget(nullptr, [self, id](void*) { self->pending.erase(id); });
  send(Outgoing{std::move(bytes), 0, std::move(descriptor)});

  boost::system::error_code error;
  if (!waiting->answered()) {
    try {
      co_await waiting->timer.async_wait(redirect_error(use_awaitable, error));
    } catch (const boost::system::system_error&) {
      error = boost::asio::error::operation_aborted;  // the caller was cancelled before it came here
    }
  }
  if (waiting->failure) std::rethrow_exception(waiting->failure);
  if (waiting->result) co_return std::move(*waiting->result);
  if (error) throw cancelled_error();
  throw Error(ErrorKind::timeout, "qemu.timeout",
              fmt::format("QEMU did not answer '{}' within {:g} s.", text::printable(name),
                          std::chrono::duration<double>(timeout).count()),
              "The host may be overloaded, or a disk of the machine hangs.");
}

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}

Client::~Client() {
  state_->silent = true;
  state_->event_handler = nullptr;
  state_->end(gone_error());
  state_->tasks.cancel();
}

Awaitable<std::unique_ptr<Client>> Client::adopt(os::Fd socket, loop::Duration timeout) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Socket stream(executor, boost::asio::local::stream_protocol(), socket.release());
  auto state = std::make_shared<State>(executor, std::move(stream));
  auto client = std::make_unique<Client>(state);
  state->start();
  co_await state->negotiate(timeout);
  co_return client;
}

Awaitable<boost::json::value> Client::execute(std::string command, boost::json::object arguments, loop::Duration timeout) {
  const std::shared_ptr<State> state = state_;
  boost::json::object message{{"execute", command}};
  if (!arguments.empty()) message["arguments"] = std::move(arguments);
  co_return co_await state->call(std::move(command), std::move(message), os::Fd(), timeout);
}

Awaitable<boost::json::value> Client::execute_out_of_band(std::string command, boost::json::object arguments,
                                                          loop::Duration timeout) {
  const std::shared_ptr<State> state = state_;
  if (!state->oob) throw Error(ErrorKind::unsupported, "qemu.no_oob", "This QEMU's monitor takes no commands out of band.");
  boost::json::object message{{"exec-oob", command}};
  if (!arguments.empty()) message["arguments"] = std::move(arguments);
  co_return co_await state->call(std::move(command), std::move(message), os::Fd(), timeout);
}

Awaitable<boost::json::value> Client::execute_with_fd(std::string command, boost::json::object arguments,
                                                      const os::Fd& descriptor, loop::Duration timeout) {
  const std::shared_ptr<State> state = state_;
  os::Fd copy = descriptor.duplicate();
  boost::json::object message{{"execute", command}};
  if (!arguments.empty()) message["arguments"] = std::move(arguments);
  const loop::KeyedQueue::Lease turn = co_await state->descriptors.acquire("descriptor");
  co_return co_await state->call(std::move(command), std::move(message), std::move(copy), timeout);
}

void Client::on_event(EventHandler handler) {
  state_->event_handler = std::move(handler);
  if (!state_->event_handler) return;
  const EventHandler now = state_->event_handler;
  for (const Event& event : std::exchange(state_->early_events, {})) call_handler(now, event);
}

void Client::on_close(CloseHandler handler) {
  if (!state_->ended) {
    state_->close_handler = std::move(handler);
  } else if (handler && !state_->silent) {
    handler(*state_->ended);
  }
}

bool Client::connected() const noexcept { return !state_->ended; }
const Version& Client::version() const noexcept { return state_->version; }

Awaitable<> Client::close() {
  const std::shared_ptr<State> state = state_;
  state->silent = true;
  state->event_handler = nullptr;
  state->end(gone_error());
  co_await state->tasks.close();
}

}  // namespace visor::qmp
