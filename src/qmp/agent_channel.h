// The conversation with one guest agent: connecting, synchronising, asking. What is asked is in guest_agent_client.cpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "os/fd.h"

namespace visor::qmp {

/// See GuestAgentClient for limits and errors.
class AgentChannel {
 public:
  /// Opens the connection: a non-blocking connected stream socket, nothing when it cannot be had just now. May throw Error.
  using Connector = std::function<std::optional<os::Fd>()>;

  AgentChannel(boost::asio::any_io_executor executor, Connector connector);
  ~AgentChannel();
  AgentChannel(const AgentChannel&) = delete;
  AgentChannel& operator=(const AgentChannel&) = delete;

  /// A line may have this much unless a request expects more.
  static constexpr Bytes kAnswerLimit{std::uint64_t{8} << 20U};

  /// Sends a command when its turn has come and returns the "return" member of the answer, which has `timeout` to come.
  Awaitable<boost::json::value> request(std::string command, boost::json::object arguments, loop::Duration timeout,
                                        Bytes answer_limit = kAnswerLimit);
  /// The next request synchronises first.
  void forget_conversation();
  /// Ends the connection for good: requests under way and later ones fail.
  void hang_up();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace visor::qmp
