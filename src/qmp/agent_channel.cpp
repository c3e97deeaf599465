#include "qmp/agent_channel.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/timeout.h"
#include "qmp/errors.h"
#include "qmp/line_buffer.h"

namespace visor::qmp {
namespace {

using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using Socket = boost::asio::local::stream_protocol::socket;

/// What is thrown away at most while looking for the answer to guest-sync-delimited: a guest must not keep the loop busy.
constexpr std::uint64_t kSyncLimit = std::uint64_t{64} << 20U;
/// For those before: a slow guest that is asked by many is busy, not gone.
constexpr loop::Duration kTurnTimeout = std::chrono::seconds(30);
/// Answers beyond this are parsed away from the loop.
constexpr std::size_t kBlockingParse = 65536;
/// Starts a new conversation for the agent's parser and marks the answer to guest-sync-delimited; never part of UTF-8.
constexpr char kDelimiter = '\xFF';

Error no_agent(std::string_view reason) {
  return {ErrorKind::unavailable, "guest.agent_unavailable", fmt::format("The guest agent does not answer: {}.", reason),
          "Install and start qemu-guest-agent in the guest, or wait until the guest has booted."};
}

Error agent_nonsense(std::string_view detail) {
  return {ErrorKind::internal, "guest.corrupt", fmt::format("The guest agent sent nonsense: {}.", printable_message(detail))};
}

/// A line, which is within the limit of its request, as a JSON object. `text` stays in the caller's frame.
boost::json::object parse_object(const std::string& text) {
  boost::json::value message;
  try {
    message = json::parse(text, Bytes{text.size()});
  } catch (const Error& error) {
    throw agent_nonsense(error.what());
  }
  if (!message.is_object()) throw agent_nonsense("an answer is no object");
  return std::move(message.get_object());
}

}  // namespace

struct AgentChannel::State {
  State(boost::asio::any_io_executor where, Connector how)
      : executor(where), connector(std::move(how)), turns(where), next_sync(std::random_device()()) {}

  boost::asio::any_io_executor executor;
  Connector connector;
  loop::KeyedQueue turns;
  std::optional<Socket> socket;
  LineBuffer lines{kAnswerLimit};
  bool synced = false;
  std::uint64_t conversation = 0;  ///< counts forget_conversation(), which may come while a request is under way
  std::uint32_t next_sync;         ///< random at first: an answer to an earlier daemon must not fit
  bool closed = false;

  void hang_up();
  void connect();
  Awaitable<> send(std::string bytes);
  Awaitable<> read_more();
  Awaitable<std::string> read_line();
  Awaitable<> synchronise();
  /// `answers` becomes true when the agent is known to be there.
  Awaitable<boost::json::object> exchange(const std::string& command, Bytes answer_limit, bool& answers);
};

void AgentChannel::State::hang_up() {
  boost::system::error_code ignored;
  if (socket) socket->close(ignored);
  socket.reset();
  lines.clear();
  synced = false;
}

void AgentChannel::State::connect() {
  std::optional<os::Fd> fd;
  try {
    fd = connector();
  } catch (const Error& error) {
    throw no_agent(error.what());
  }
  if (!fd) throw no_agent("another program is connected to it");
  socket.emplace(executor, boost::asio::local::stream_protocol(), fd->release());
}

Awaitable<> AgentChannel::State::send(std::string bytes) {
  boost::system::error_code error;
  co_await boost::asio::async_write(*socket, boost::asio::buffer(bytes), redirect_error(use_awaitable, error));
  if (error == boost::asio::error::operation_aborted && !closed) throw cancelled_error();
  if (error) {
    hang_up();
    throw no_agent("the connection has ended");
  }
}

Awaitable<> AgentChannel::State::read_more() {
  std::vector<char> piece(65536);
  boost::system::error_code error;
  const std::size_t got = co_await socket->async_read_some(boost::asio::buffer(piece), redirect_error(use_awaitable, error));
  if (error == boost::asio::error::operation_aborted && !closed) throw cancelled_error();
  if (error) {
    hang_up();
    throw no_agent("the connection has ended");
  }
  lines.append({piece.data(), got});
}

Awaitable<std::string> AgentChannel::State::read_line() {
  for (;;) {
    while (std::optional<std::string> line = lines.next()) {
      if (!line->empty()) co_return std::move(*line);
    }
    if (lines.overflowed()) {
      lines.clear();
      throw Error(ErrorKind::too_large, "guest.reply_too_large",
                  fmt::format("The guest agent's answer is longer than {}.", format_bytes(lines.limit())));
    }
    co_await read_more();
  }
}

Awaitable<> AgentChannel::State::synchronise() {
  const std::uint32_t id = next_sync++;
  lines.clear();
  co_await send(fmt::format("{}{{\"execute\":\"guest-sync-delimited\",\"arguments\":{{\"id\":{}}}}}\n", kDelimiter, id));
  std::uint64_t thrown_away = 0;
  for (;;) {
    while (!lines.discard_through(kDelimiter)) {
      thrown_away += lines.size();
      lines.clear();
      if (thrown_away > kSyncLimit) {
        hang_up();
        throw agent_nonsense("it does not stop talking");
      }
      co_await read_more();
    }
    const std::string line = co_await read_line();
    thrown_away += line.size();
    try {
      const boost::json::object answer = parse_object(line);
      const boost::json::value* echoed = answer.if_contains("return");
      if (echoed != nullptr && echoed->is_int64() && echoed->get_int64() == id) break;
    } catch (const Error&) {
      continue;  // not the answer; it may still come
    }
  }
  synced = true;
}

Awaitable<boost::json::object> AgentChannel::State::exchange(const std::string& command, Bytes answer_limit, bool& answers) {
  if (closed) throw no_agent("the machine is gone");
  if (!socket) connect();
  lines.set_limit(kAnswerLimit);
  if (!synced) co_await synchronise();
  answers = true;
  // In step again only after the whole answer: whatever ends this early leaves an answer behind.
  synced = false;
  const std::uint64_t begun = conversation;
  lines.set_limit(answer_limit);
  co_await send(command);
  const std::string line = co_await read_line();
  synced = begun == conversation;
  boost::json::object answer;
  if (line.size() > kBlockingParse) {
    co_await loop::run_blocking([&answer, &line] { answer = parse_object(line); });
  } else {
    answer = parse_object(line);
  }
  co_return answer;
}

AgentChannel::AgentChannel(boost::asio::any_io_executor executor, Connector connector)
    : state_(std::make_shared<State>(std::move(executor), std::move(connector))) {}

AgentChannel::~AgentChannel() { hang_up(); }

void AgentChannel::hang_up() {
  state_->closed = true;
  // Only closed: a request under way still refers to the socket and ends by this.
  boost::system::error_code ignored;
  if (state_->socket) state_->socket->close(ignored);
}

void AgentChannel::forget_conversation() {
  state_->synced = false;
  ++state_->conversation;
}

Awaitable<boost::json::value> AgentChannel::request(std::string command, boost::json::object arguments, loop::Duration timeout,
                                                    Bytes answer_limit) {
  boost::json::object message{{"execute", command}};
  if (!arguments.empty()) message["arguments"] = std::move(arguments);
  const std::string bytes = boost::json::serialize(message) + "\n";
  if (!text::is_utf8(bytes)) {
    throw Error(ErrorKind::invalid, "guest.command_invalid", "The guest agent takes text in UTF-8 only, and this is none.");
  }
  const std::shared_ptr<State> state = state_;
  bool answers = false;
  const std::function<Awaitable<loop::KeyedQueue::Lease>()> wait_turn = [&] { return state->turns.acquire("agent"); };
  const std::function<Awaitable<boost::json::object>()> work = [&] { return state->exchange(bytes, answer_limit, answers); };
  boost::json::object answer;
  try {
    const loop::KeyedQueue::Lease turn = co_await loop::with_timeout<loop::KeyedQueue::Lease>(
        std::max(timeout, kTurnTimeout), "The guest agent's turn", wait_turn);
    answer = co_await loop::with_timeout<boost::json::object>(timeout, "An answer of the guest agent", work);
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) throw cancelled_error();
    throw;
  } catch (const Error& error) {
    if (error.code() != "host.timeout") throw;
    if (!answers) throw no_agent(fmt::format("nothing came within {:g} s", std::chrono::duration<double>(timeout).count()));
    throw Error(ErrorKind::timeout, "guest.timeout",
                fmt::format("The guest agent did not answer '{}' within {:g} s.", command,
                            std::chrono::duration<double>(timeout).count()));
  }
  if (boost::json::value* result = answer.if_contains("return")) co_return std::move(*result);
  if (const boost::json::value* error = answer.if_contains("error"); error != nullptr && error->is_object()) {
    throw command_error("guest", error->get_object());
  }
  throw agent_nonsense("an answer without a result");
}

}  // namespace visor::qmp
