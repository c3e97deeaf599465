#include "console/serial_hub.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "console/serial_log.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "os/fd.h"
#include "os/unix_socket.h"

namespace visor::console {
namespace {

using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using Socket = boost::asio::local::stream_protocol::socket;

constexpr loop::Duration kLongestPause = std::chrono::seconds(2);
constexpr loop::Duration kForever = std::chrono::hours(1);

/// A connected socket, or none when QEMU does not take us just now.
os::Fd connect_now(const std::filesystem::path& path) {
  try {
    return os::connect_unix(path.parent_path(), path.filename().native()).value_or(os::Fd());
  } catch (const Error& error) {
    log::debug("no serial line: {}", error.what());
    return {};
  }
}

Error closed_error() { return {ErrorKind::conflict, "console.closed", "The machine has ended, and its console with it."}; }

/// The last bytes of a stream, in a string that is moved only when it has doubled.
class Tail {
 public:
  explicit Tail(Bytes limit) : limit_(limit.count) {}

  void append(std::string_view more) {
    bytes_.append(more);
    if (bytes_.size() > 2 * limit_) bytes_.erase(0, bytes_.size() - limit_);
  }
  std::string text() const { return bytes_.size() > limit_ ? bytes_.substr(bytes_.size() - limit_) : bytes_; }

 private:
  std::size_t limit_;
  std::string bytes_;
};

/// What one session has not read.
struct Queue {
  explicit Queue(const boost::asio::any_io_executor& executor) : filled(executor) {}

  std::string bytes;
  std::uint64_t lost = 0;
  bool ended = false;
  loop::Notifier filled;

  void push(std::string_view more, Bytes limit) {
    bytes.append(more);
    if (bytes.size() > limit.count) {
      // Half of it goes, so that a reader who stays behind does not cost a move for each byte.
      const std::size_t surplus = bytes.size() - limit.count / 2;
      bytes.erase(0, surplus);
      lost += surplus;
    }
    filled.notify_all();
  }
  std::string take() {
    std::string taken = std::exchange(bytes, {});
    if (lost > 0) taken.insert(0, fmt::format("\r\n[{} bytes were left out]\r\n", std::exchange(lost, 0)));
    return taken;
  }
};

/// How many of the last bytes of `first` are the first ones of `second`.
std::size_t overlap(std::string_view first, std::string_view second) {
  std::size_t length = std::min(first.size(), second.size());
  while (!first.ends_with(second.substr(0, length))) --length;
  return length;
}

}  // namespace

/// Shared with the two coroutines and the sessions.
struct SerialHub::State : std::enable_shared_from_this<SerialHub::State> {
  State(boost::asio::any_io_executor where, SerialHubOptions wanted)
      : executor(where), options(std::move(wanted)), history(options.history), changed(where), writers(where), tasks(where) {}

  boost::asio::any_io_executor executor;
  SerialHubOptions options;
  Tail history;
  std::uint64_t log_size = 0;  ///< of the part of the log that was handed out, by counting
  std::vector<std::weak_ptr<Queue>> queues;
  std::shared_ptr<Socket> socket;  ///< the connection, if there is one
  bool silent = true;              ///< nothing has come through the connection yet
  std::string input;
  bool closed = false;
  loop::Notifier changed;  ///< socket, input or closed
  loop::KeyedQueue writers;
  loop::TaskGroup tasks;

  void start();
  void end();
  Awaitable<> run_output();
  Awaitable<> read_connection(std::shared_ptr<Socket> connection);
  Awaitable<> take_first(std::string bytes);
  Awaitable<> catch_up(std::shared_ptr<Socket> connection);
  void hand_out(std::string_view bytes);
  Awaitable<> trim();
  Awaitable<> run_input();
  Awaitable<> write(std::string bytes);
};

void SerialHub::State::start() {
  tasks.spawn("serial output", [self = shared_from_this()]() -> Awaitable<> { co_await self->run_output(); });
  tasks.spawn("serial input", [self = shared_from_this()]() -> Awaitable<> { co_await self->run_input(); });
}

void SerialHub::State::end() {
  if (std::exchange(closed, true)) return;
  boost::system::error_code ignored;
  if (socket) socket->close(ignored);
  for (const std::weak_ptr<Queue>& weak : queues) {
    const std::shared_ptr<Queue> queue = weak.lock();
    if (!queue) continue;
    queue->ended = true;
    queue->filled.notify_all();
  }
  changed.notify_all();
}

Awaitable<> SerialHub::State::run_output() {
  LogTail tail;
  co_await loop::run_blocking([this, &tail] { tail = read_log_tail(options.log, 0, options.history); });
  hand_out(tail.bytes);
  log_size = tail.end;
  loop::Duration pause = options.reconnect_delay;
  while (!closed) {
    if (os::Fd fd = connect_now(options.socket)) {
      pause = options.reconnect_delay;
      socket = std::make_shared<Socket>(executor, boost::asio::local::stream_protocol(), fd.release());
      changed.notify_all();
      co_await read_connection(socket);
      socket.reset();
    }
    if (closed) break;
    co_await changed.wait(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Awaitable<> SerialHub::State::read_connection(std::shared_ptr<Socket> connection) {
  std::array<char, 16384> piece;
  silent = true;
  connection->non_blocking(true);
  tasks.spawn("serial catch-up",
              [self = shared_from_this(), connection]() -> Awaitable<> { co_await self->catch_up(connection); });
  while (!closed) {
    boost::system::error_code error;
    // Waiting and reading apart leaves the bytes in the socket, where `catch_up` sees them, until they are dealt with here.
    co_await connection->async_wait(Socket::wait_read, redirect_error(use_awaitable, error));
    const std::size_t got = error ? 0 : connection->read_some(boost::asio::buffer(piece), error);
    if (error == boost::asio::error::would_block) continue;
    if (error) break;
    if (std::exchange(silent, false)) {
      co_await take_first({piece.data(), got});
    } else {
      hand_out({piece.data(), got});
      log_size += got;
    }
    if (log_size > options.log_limit.count) co_await trim();
  }
  boost::system::error_code ignored;
  connection->close(ignored);  // also ends a write of the other coroutine
}

/// What was printed before QEMU accepted this connection is in the log only. The first bytes of the connection are there too,
/// or will be in a moment (QEMU logs right after sending), so what precedes them is what is missing.
Awaitable<> SerialHub::State::take_first(std::string bytes) {
  LogTail missing;
  co_await loop::run_blocking(
      [this, &missing, &bytes] { missing = read_log_tail(options.log, log_size, options.history + Bytes{bytes.size()}); });
  std::size_t at = missing.bytes.rfind(bytes);
  if (at == std::string::npos) at = missing.bytes.size() - overlap(missing.bytes, bytes);
  hand_out(std::string_view(missing.bytes).substr(0, at));
  log_size = missing.end - (missing.bytes.size() - at);
  hand_out(bytes);
  log_size += bytes.size();
}

/// A guest may have asked something just before QEMU accepted this connection, and be silent since then: that is in the log only.
/// When QEMU accepts is not seen from here, so the log is looked at ever more rarely until the connection brings something.
Awaitable<> SerialHub::State::catch_up(std::shared_ptr<Socket> connection) {
  for (loop::Duration pause = options.reconnect_delay;; pause *= 2) {
    co_await changed.wait(pause);
    if (closed || socket != connection || !silent) co_return;
    LogTail missing;
    co_await loop::run_blocking([this, &missing] { missing = read_log_tail(options.log, log_size, options.history); });
    // QEMU sends before it logs: what came through the connection would be there by now.
    boost::system::error_code ignored;
    if (closed || socket != connection || !silent || connection->available(ignored) > 0) co_return;
    hand_out(missing.bytes);
    log_size = missing.end;
  }
}

void SerialHub::State::hand_out(std::string_view bytes) {
  if (bytes.empty()) return;
  history.append(bytes);
  std::erase_if(queues, [](const std::weak_ptr<Queue>& weak) { return weak.expired(); });
  for (const std::weak_ptr<Queue>& weak : queues) {
    if (const std::shared_ptr<Queue> queue = weak.lock()) queue->push(bytes, options.session_limit);
  }
}

Awaitable<> SerialHub::State::trim() {
  std::uint64_t size = 0;
  try {
    co_await loop::run_blocking([this, &size] { size = trim_log(options.log, options.history); });
  } catch (const Error& error) {
    log::warning("The serial log {} cannot be cut: {}", options.log.native(), error.what());
  }
  log_size = size;
}

Awaitable<> SerialHub::State::run_input() {
  while (!closed) {
    const std::shared_ptr<Socket> connection = socket;
    if (!connection || !connection->is_open() || input.empty()) {
      co_await changed.wait(kForever);
      continue;
    }
    // A copy, because others append to the input meanwhile.
    const std::string piece = input.substr(0, 4096);
    boost::system::error_code error;
    const std::size_t written =
        co_await connection->async_write_some(boost::asio::buffer(piece), redirect_error(use_awaitable, error));
    if (error) {
      if (!closed && socket == connection) co_await changed.wait(options.reconnect_delay);
      continue;
    }
    input.erase(0, written);
    changed.notify_all();
  }
}

Awaitable<> SerialHub::State::write(std::string bytes) {
  const loop::KeyedQueue::Lease turn = co_await writers.acquire("input");
  std::string_view rest = bytes;
  while (!rest.empty()) {
    if (closed) throw closed_error();
    const std::size_t room = options.input_limit.count - std::min<std::size_t>(input.size(), options.input_limit.count);
    if (room > 0) {
      input.append(rest.substr(0, room));
      rest.remove_prefix(std::min(room, rest.size()));
      changed.notify_all();
    } else if (!co_await changed.wait(options.write_timeout)) {
      throw Error(ErrorKind::timeout, "console.stalled", "The guest does not read what is typed at its serial port.");
    }
  }
}

/// Keeps what it needs of the hub alive, so it may outlive it.
class SerialHub::Session : public SerialSession {
 public:
  Session(std::shared_ptr<State> state, std::shared_ptr<Queue> queue) : state_(std::move(state)), queue_(std::move(queue)) {}

  Awaitable<std::string> read() override {
    const std::shared_ptr<Queue> queue = queue_;
    while (queue->bytes.empty() && !queue->ended) co_await queue->filled.wait(kForever);
    co_return queue->take();
  }
  Awaitable<> write(std::string bytes) override {
    const std::shared_ptr<State> state = state_;
    if (state->closed) throw closed_error();
    co_await state->write(std::move(bytes));
  }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Queue> queue_;
};

SerialHub::SerialHub(boost::asio::any_io_executor executor, SerialHubOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {
  state_->start();
}

SerialHub::~SerialHub() {
  state_->end();
  state_->tasks.cancel();
}

std::unique_ptr<SerialSession> SerialHub::open() {
  if (state_->closed) throw closed_error();
  std::erase_if(state_->queues, [](const std::weak_ptr<Queue>& weak) { return weak.expired(); });
  if (state_->queues.size() >= state_->options.sessions) {
    throw Error(ErrorKind::conflict, "console.too_many_sessions",
                fmt::format("{} sessions are open at this serial port already.", state_->options.sessions), "Close one of them.");
  }
  auto queue = std::make_shared<Queue>(state_->executor);
  queue->bytes = state_->history.text();
  state_->queues.push_back(queue);
  return std::make_unique<Session>(state_, std::move(queue));
}

bool SerialHub::connected() const noexcept { return state_->socket != nullptr; }

Awaitable<> SerialHub::close() {
  const std::shared_ptr<State> state = state_;
  state->end();
  co_await state->tasks.close();
}

}  // namespace visor::console
