// A client of the QEMU guest agent (docs/interop/qemu-ga-ref of QEMU) behind a machine's agent port.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "qmp/agent_channel.h"

namespace visor::qmp {

/// A network interface of the guest that is not its loopback.
struct AgentInterface {
  std::string name;
  std::vector<std::string> addresses;  ///< without loopback and link-local ones
  std::uint64_t received = 0;          ///< bytes since the guest's boot, 0 when it does not say
  std::uint64_t transmitted = 0;
};

struct AgentOsInfo {
  std::string hostname;
  std::string pretty_name;  ///< "Debian GNU/Linux 12 (bookworm)"
};

/// A program to run in the guest.
struct AgentExec {
  std::vector<std::string> command;      ///< program (looked up by the guest's PATH) and arguments; not empty
  std::string input;                     ///< raw bytes for its standard input
  std::vector<std::string> environment;  ///< "NAME=value"; when not empty it replaces the agent's own environment
  loop::Duration timeout = std::chrono::seconds(60);
  Bytes output_limit{std::uint64_t{4} << 20U};  ///< for each of both outputs; the rest is cut
};

struct AgentExecResult {
  std::int32_t exit_code = 0;
  std::optional<std::int32_t> signal;  ///< the signal that ended it
  std::string output;                  ///< raw bytes
  std::string error;
  bool truncated = false;  ///< the guest or the limit has cut an output
};

/// Speaks to the agent through the socket of QEMU's character device, one request at a time in order of arrival. It connects
/// when it is first used and again after the connection broke, and it synchronises (guest-sync-delimited) then and after each
/// request that did not end well, so a late answer is never taken for another one. All on the loop's thread. It must
/// outlive its requests; hang_up() makes them fail.
///
/// Everything that comes from the guest is hostile input: a line is bounded, every request a deadline, every value is
/// checked. Errors: Error{unavailable, "guest.agent_unavailable"} when no agent answers; Error{timeout, "guest.timeout"} when it
/// answered before, but not this request; `guest.reply_too_large`, `guest.corrupt` for nonsense; `guest.<class>` with the agent's
/// sentence when it refuses (Error{unsupported, "guest.command_not_found"} when it does not have the command).
class GuestAgentClient {
 public:
  GuestAgentClient(boost::asio::any_io_executor executor, AgentChannel::Connector connector);

  /// The agent has opened or closed its port: what was said before is void. The next request synchronises.
  void forget_conversation();

  /// Ends the connection for good: requests under way and later ones fail with `guest.agent_unavailable`.
  void hang_up();

  /// Whether it answers within `timeout`, waiting for its turn included.
  Awaitable<bool> ping(loop::Duration timeout);
  Awaitable<std::vector<AgentInterface>> interfaces();
  Awaitable<AgentOsInfo> os_info();
  /// Switches on the processors that the guest has but does not use; how many it uses then.
  Awaitable<std::size_t> bring_processors_online();
  /// Switches on the blocks of memory that the guest has but does not use; how many those were.
  Awaitable<std::size_t> bring_memory_online();
  /// Runs a program to its end. Error `guest.exec_failed` when the guest cannot start it, Error{timeout, "guest.exec_timeout"} when
  /// it takes longer (it goes on in the guest).
  Awaitable<AgentExecResult> exec(AgentExec request);
  /// Error{too_large, "guest.file_too_large"} beyond `limit`, `guest.file_error` when the guest refuses.
  Awaitable<std::string> read_file(std::string path, Bytes limit);
  /// Replaces the content; the file is made if there is none. Error `guest.file_error` when the guest refuses; the file may be
  /// half written then.
  Awaitable<> write_file(std::string path, std::string content);
  /// Asks the guest to power down. An agent that obeys does not answer, so this returns after half a second without a refusal.
  Awaitable<> shutdown();

  /// Writes everything to the disks and keeps programs from writing until thaw(), or for as long as its system allows. How many
  /// file systems hold on.
  Awaitable<std::int64_t> freeze(loop::Duration timeout);
  /// Lets file systems go on that freeze() holds; does no harm when there are none.
  Awaitable<> thaw(loop::Duration timeout);

  /// Any command: the "return" member of the answer.
  Awaitable<boost::json::value> request(std::string command, boost::json::object arguments, loop::Duration timeout);

 private:
  AgentChannel channel_;
};

}  // namespace visor::qmp
