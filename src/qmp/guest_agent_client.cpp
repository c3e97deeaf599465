#include "qmp/guest_agent_client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "loop/process.h"
#include "qmp/errors.h"

namespace visor::qmp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr loop::Duration kRequestTimeout = seconds(10);
/// Far more than any guest has; a bound for what it may claim.
constexpr std::size_t kMostProcessors = 4096;
/// 16 TiB in the smallest blocks of Linux.
constexpr std::size_t kMostBlocks = 131072;
constexpr loop::Duration kExecTimeout = seconds(30);    // loading a program from a slow disk
constexpr loop::Duration kOutputTimeout = seconds(60);  // megabytes through a serial port, perhaps emulated
/// The agent cuts each of both outputs after 16 MiB (GUEST_EXEC_MAX_OUTPUT in qga/commands.c); in base64 it is a third more.
constexpr Bytes kOutputsLimit{std::uint64_t{44} << 20U};
/// Read and written at once; as base64 it is a line of 64 KiB.
constexpr std::size_t kChunk = 49152;
constexpr std::size_t kInterfaceLimit = 256;
constexpr std::size_t kAddressLimit = 64;
constexpr std::size_t kNameLimit = 256;
/// Answers of which the guest says that they are not the last although they are empty.
constexpr int kEmptyReads = 16;

Error answer_nonsense(std::string_view command) {
  return {ErrorKind::internal, "guest.corrupt", fmt::format("The guest agent answered '{}' with nonsense.", command)};
}

const boost::json::value* member(const boost::json::value& object, std::string_view key) {
  return object.is_object() ? object.get_object().if_contains(key) : nullptr;
}

std::string string_member(const boost::json::value& object, std::string_view key) {
  const boost::json::value* value = member(object, key);
  if (value == nullptr || !value->is_string() || value->get_string().size() > kNameLimit) return {};
  return text::printable(value->get_string());
}

std::int64_t number_member(const boost::json::value& object, std::string_view key, std::int64_t otherwise) {
  const boost::json::value* value = member(object, key);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

bool flag_member(const boost::json::value& object, std::string_view key) {
  const boost::json::value* value = member(object, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// The bytes of a base64 member; empty when there is none.
std::string bytes_member(const boost::json::value& object, std::string_view key, std::string_view command) {
  const boost::json::value* value = member(object, key);
  if (value == nullptr) return {};
  if (!value->is_string()) throw answer_nonsense(command);
  try {
    return text::base64_decode(value->get_string());
  } catch (const Error&) {
    throw answer_nonsense(command);
  }
}

std::uint64_t counter(const boost::json::value& interface, std::string_view key) {
  const boost::json::value* statistics = member(interface, "statistics");
  return statistics == nullptr ? 0 : static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_member(*statistics, key, 0)));
}

bool is_link_local(const boost::asio::ip::address& address) {
  if (address.is_v6()) return address.to_v6().is_link_local();
  const auto bytes = address.to_v4().to_bytes();
  return bytes[0] == 169 && bytes[1] == 254;
}

/// Nothing for the loopback. What is no IP address is left out, so no text of the guest's choice gets through here.
std::optional<AgentInterface> read_interface(const boost::json::value& item) {
  AgentInterface interface {
    string_member(item, "name"), {}, counter(item, "rx-bytes"), counter(item, "tx-bytes")
  };
  if (interface.name == "lo") return std::nullopt;
  const boost::json::value* addresses = member(item, "ip-addresses");
  if (addresses == nullptr || !addresses->is_array()) return interface;
  for (const boost::json::value& entry : addresses->get_array()) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(string_member(entry, "ip-address"), error);
    if (error || address.is_unspecified() || is_link_local(address)) continue;
    if (address.is_loopback()) return std::nullopt;
    if (interface.addresses.size() < kAddressLimit) interface.addresses.push_back(address.to_string());
  }
  return interface;
}

/// A refusal of the agent in the words of the caller's operation; other errors stay what they are.
Error refused(std::string code, const Error& error) {
  if (error.kind() != ErrorKind::internal || error.code() == "guest.corrupt") return error;
  const std::string_view sentence = error.what();
  const bool missing = sentence.find("No such file") != std::string_view::npos;
  return {missing ? ErrorKind::not_found : ErrorKind::conflict, std::move(code), fmt::format("The guest says: {}", sentence)};
}

AgentExecResult read_exec_result(const boost::json::value& status, Bytes limit) {
  constexpr std::string_view kCommand = "guest-exec-status";
  AgentExecResult result;
  const std::int64_t code = number_member(status, "exitcode", 0);
  const std::int64_t signal = number_member(status, "signal", 0);
  if (code < INT32_MIN || code > INT32_MAX || signal < 0 || signal > 255) throw answer_nonsense(kCommand);
  result.exit_code = static_cast<std::int32_t>(code);
  if (signal != 0) result.signal = static_cast<std::int32_t>(signal);
  result.output = bytes_member(status, "out-data", kCommand);
  result.error = bytes_member(status, "err-data", kCommand);
  result.truncated = flag_member(status, "out-truncated") || flag_member(status, "err-truncated") ||
                     result.output.size() > limit.count || result.error.size() > limit.count;
  result.output.resize(std::min<std::size_t>(result.output.size(), limit.count));
  result.error.resize(std::min<std::size_t>(result.error.size(), limit.count));
  return result;
}

boost::json::object exec_arguments(const AgentExec& request) {
  boost::json::array arguments;
  for (std::size_t i = 1; i < request.command.size(); ++i) arguments.emplace_back(request.command[i]);
  boost::json::object exec{{"path", request.command.front()}, {"arg", std::move(arguments)}, {"capture-output", true}};
  if (!request.environment.empty()) {
    boost::json::array environment;
    for (const std::string& variable : request.environment) environment.emplace_back(variable);
    exec["env"] = std::move(environment);
  }
  if (!request.input.empty()) exec["input-data"] = text::base64_encode(request.input);
  return exec;
}

/// Waits for the end of process `id` of the guest.
Awaitable<boost::json::value> wait_exec(AgentChannel& channel, std::int64_t id, loop::Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  loop::Duration pause = milliseconds(10);
  for (;;) {
    boost::json::value status = co_await channel.request("guest-exec-status", {{"pid", id}}, kOutputTimeout, kOutputsLimit);
    if (!status.is_object()) throw answer_nonsense("guest-exec-status");
    if (flag_member(status, "exited")) co_return status;
    const loop::Duration left = deadline - std::chrono::steady_clock::now();
    if (left <= loop::Duration::zero()) {
      throw Error(ErrorKind::timeout, "guest.exec_timeout",
                  fmt::format("The command did not end within {:g} s; it goes on in the guest.",
                              std::chrono::duration<double>(timeout).count()),
                  "Give it more time, or start it in the background.");
    }
    co_await loop::sleep_for(std::min(pause, left));
    pause = std::min<loop::Duration>(pause * 2, milliseconds(500));
  }
}

/// Closes a file of the guest whatever has happened: an agent keeps only so many open.
Awaitable<> close_file(AgentChannel& channel, std::int64_t handle) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  std::exception_ptr failure;
  try {
    co_await channel.request("guest-file-close", {{"handle", handle}}, seconds(5));
  } catch (...) {
    failure = std::current_exception();
  }
  // The state belongs to the whole chain of callers, so it must not stay switched off.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  if (failure) std::rethrow_exception(failure);
}

Awaitable<std::string> read_open_file(AgentChannel& channel, std::int64_t handle, std::string path, Bytes limit) {
  std::string content;
  int empty = 0;
  for (;;) {
    const boost::json::value piece =
        co_await channel.request("guest-file-read", {{"handle", handle}, {"count", kChunk}}, kRequestTimeout);
    const std::string bytes = bytes_member(piece, "buf-b64", "guest-file-read");
    if (!piece.is_object() || bytes.size() > kChunk) throw answer_nonsense("guest-file-read");
    if (content.size() + bytes.size() > limit.count) {
      throw Error(ErrorKind::too_large, "guest.file_too_large",
                  fmt::format("'{}' in the guest is larger than {}.", text::printable(path), format_bytes(limit)));
    }
    content += bytes;
    if (flag_member(piece, "eof")) co_return content;
    empty = bytes.empty() ? empty + 1 : 0;
    if (empty > kEmptyReads) throw answer_nonsense("guest-file-read");
  }
}

Awaitable<> write_open_file(AgentChannel& channel, std::int64_t handle, std::string content) {
  std::size_t written = 0;
  while (written < content.size()) {
    const std::string_view piece = std::string_view(content).substr(written, kChunk);
    const boost::json::value answer = co_await channel.request(
        "guest-file-write", {{"handle", handle}, {"buf-b64", text::base64_encode(piece)}}, kRequestTimeout);
    const std::int64_t count = number_member(answer, "count", -1);
    if (count <= 0 || static_cast<std::uint64_t>(count) > piece.size()) throw answer_nonsense("guest-file-write");
    written += static_cast<std::size_t>(count);
  }
}

/// Opens a file of the guest, lets `work` use it and closes it. What fails first is thrown.
Awaitable<> with_file(AgentChannel& channel, std::string path, std::string mode, std::function<Awaitable<>(std::int64_t)> work) {
  const boost::json::value handle =
      co_await channel.request("guest-file-open", {{"path", std::move(path)}, {"mode", std::move(mode)}}, kRequestTimeout);
  if (!handle.is_int64()) throw answer_nonsense("guest-file-open");
  std::exception_ptr failure;
  try {
    co_await work(handle.get_int64());
  } catch (...) {
    failure = std::current_exception();
  }
  try {
    co_await close_file(channel, handle.get_int64());
  } catch (const Error&) {
    if (!failure) throw;  // a full disk may show only here
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

GuestAgentClient::GuestAgentClient(boost::asio::any_io_executor executor, AgentChannel::Connector connector)
    : channel_(std::move(executor), std::move(connector)) {}

void GuestAgentClient::forget_conversation() { channel_.forget_conversation(); }
void GuestAgentClient::hang_up() { channel_.hang_up(); }

Awaitable<boost::json::value> GuestAgentClient::request(std::string command, boost::json::object arguments,
                                                        loop::Duration timeout) {
  return channel_.request(std::move(command), std::move(arguments), timeout);
}

Awaitable<bool> GuestAgentClient::ping(loop::Duration timeout) {
  try {
    co_await channel_.request("guest-ping", {}, timeout);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    co_return false;
  }
  co_return true;
}

Awaitable<std::vector<AgentInterface>> GuestAgentClient::interfaces() {
  const boost::json::value answer = co_await channel_.request("guest-network-get-interfaces", {}, kRequestTimeout);
  if (!answer.is_array()) throw answer_nonsense("guest-network-get-interfaces");
  std::vector<AgentInterface> interfaces;
  for (const boost::json::value& item : answer.get_array()) {
    if (interfaces.size() >= kInterfaceLimit) break;
    if (std::optional<AgentInterface> interface = read_interface(item)) interfaces.push_back(std::move(*interface));
  }
  co_return interfaces;
}

Awaitable<AgentOsInfo> GuestAgentClient::os_info() {
  const boost::json::value system = co_await channel_.request("guest-get-osinfo", {}, kRequestTimeout);
  const boost::json::value host = co_await channel_.request("guest-get-host-name", {}, kRequestTimeout);
  co_return AgentOsInfo{string_member(host, "host-name"), string_member(system, "pretty-name")};
}

Awaitable<std::size_t> GuestAgentClient::bring_processors_online() {
  const boost::json::value answer = co_await channel_.request("guest-get-vcpus", {}, kRequestTimeout);
  const boost::json::array* list = answer.if_array();
  if (list == nullptr || list->size() > kMostProcessors) throw answer_nonsense("guest-get-vcpus");
  boost::json::array sleeping;
  for (const boost::json::value& item : *list) {
    const boost::json::value* online = item.is_object() ? item.get_object().if_contains("online") : nullptr;
    if (online == nullptr || !online->is_bool()) throw answer_nonsense("guest-get-vcpus");
    if (!online->get_bool()) sleeping.push_back({{"logical-id", number_member(item, "logical-id", 0)}, {"online", true}});
  }
  if (!sleeping.empty()) co_await channel_.request("guest-set-vcpus", {{"vcpus", std::move(sleeping)}}, kRequestTimeout);
  co_return list->size();
}

Awaitable<std::size_t> GuestAgentClient::bring_memory_online() {
  const boost::json::value answer = co_await channel_.request("guest-get-memory-blocks", {}, kRequestTimeout);
  const boost::json::array* list = answer.if_array();
  if (list == nullptr || list->size() > kMostBlocks) throw answer_nonsense("guest-get-memory-blocks");
  boost::json::array sleeping;
  for (const boost::json::value& item : *list) {
    const boost::json::value* online = item.is_object() ? item.get_object().if_contains("online") : nullptr;
    if (online == nullptr || !online->is_bool()) throw answer_nonsense("guest-get-memory-blocks");
    if (!online->get_bool()) sleeping.push_back({{"phys-index", number_member(item, "phys-index", 0)}, {"online", true}});
  }
  const std::size_t count = sleeping.size();
  if (count > 0) co_await channel_.request("guest-set-memory-blocks", {{"mem-blks", std::move(sleeping)}}, kRequestTimeout);
  co_return count;
}

Awaitable<AgentExecResult> GuestAgentClient::exec(AgentExec request) {
  if (request.command.empty() || request.command.front().empty()) {
    throw Error(ErrorKind::invalid, "guest.command_invalid", "There is no command to run in the guest.");
  }
  boost::json::value started;
  try {
    started = co_await channel_.request("guest-exec", exec_arguments(request), kExecTimeout);
  } catch (const Error& error) {
    throw refused("guest.exec_failed", error);
  }
  const std::int64_t id = number_member(started, "pid", -1);
  if (id < 0) throw answer_nonsense("guest-exec");
  const boost::json::value status = co_await wait_exec(channel_, id, request.timeout);
  // Decoding megabytes is no work for the loop's thread.
  AgentExecResult result;
  co_await loop::run_blocking([&result, &status, &request] { result = read_exec_result(status, request.output_limit); });
  co_return result;
}

Awaitable<std::string> GuestAgentClient::read_file(std::string path, Bytes limit) {
  std::string content;
  const std::function<Awaitable<>(std::int64_t)> work = [&](std::int64_t handle) -> Awaitable<> {
    content = co_await read_open_file(channel_, handle, path, limit);
  };
  try {
    co_await with_file(channel_, path, "r", work);
  } catch (const Error& error) {
    throw refused("guest.file_error", error);
  }
  co_return content;
}

Awaitable<> GuestAgentClient::write_file(std::string path, std::string content) {
  const std::function<Awaitable<>(std::int64_t)> work = [&](std::int64_t handle) -> Awaitable<> {
    co_await write_open_file(channel_, handle, std::move(content));
  };
  try {
    co_await with_file(channel_, path, "w", work);
  } catch (const Error& error) {
    throw refused("guest.file_error", error);
  }
}

Awaitable<> GuestAgentClient::shutdown() {
  // The agent is known to be there before the command that it will not answer.
  co_await channel_.request("guest-ping", {}, kRequestTimeout);
  try {
    co_await channel_.request("guest-shutdown", {{"mode", "powerdown"}}, milliseconds(500));
  } catch (const Error& error) {
    if (error.code() != "guest.timeout" && error.code() != "guest.agent_unavailable") throw;
  }
}

Awaitable<std::int64_t> GuestAgentClient::freeze(loop::Duration timeout) {
  const boost::json::value answer = co_await channel_.request("guest-fsfreeze-freeze", {}, timeout);
  if (!answer.is_int64()) throw answer_nonsense("guest-fsfreeze-freeze");
  co_return answer.get_int64();
}

Awaitable<> GuestAgentClient::thaw(loop::Duration timeout) { co_await channel_.request("guest-fsfreeze-thaw", {}, timeout); }

}  // namespace visor::qmp
