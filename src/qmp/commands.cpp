#include "qmp/commands.h"

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/text.h"
#include "qmp/errors.h"

namespace visor::qmp {
namespace {

/// A member of an answer, or null when there is no such path (RFC 6901) in it.
const boost::json::value& at(const boost::json::value& answer, const char* pointer) {
  static const boost::json::value kNothing;
  boost::system::error_code error;
  const boost::json::value* found = answer.find_pointer(pointer, error);
  return found == nullptr ? kNothing : *found;
}

std::string string_at(const boost::json::value& answer, const char* pointer) {
  const boost::json::value& value = at(answer, pointer);
  return value.is_string() ? text::printable(value.get_string()) : std::string();
}

/// Counters of QEMU are int64 on the wire; what is negative or no number counts as 0.
std::uint64_t count_at(const boost::json::value& answer, const char* pointer) {
  const boost::json::value& value = at(answer, pointer);
  if (value.is_uint64()) return value.get_uint64();
  return value.is_int64() && value.get_int64() > 0 ? static_cast<std::uint64_t>(value.get_int64()) : 0;
}

const boost::json::array& as_array(const boost::json::value& answer, std::string_view command) {
  if (!answer.is_array()) throw corrupt_error(std::string(command) + " did not answer with a list");
  return answer.get_array();
}

Awaitable<> run(Client& client, std::string command, boost::json::object arguments = {}) {
  co_await client.execute(std::move(command), std::move(arguments));
}

/// The words of a line between blanks.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = text::trim(line)).empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

Awaitable<RunState> query_status(Client& client) {
  const boost::json::value answer = co_await client.execute("query-status");
  const boost::json::value& running = at(answer, "/running");
  RunState state{string_at(answer, "/status"), running.is_bool() && running.get_bool()};
  if (state.status.empty()) throw corrupt_error("query-status did not answer with a status");
  co_return state;
}

Awaitable<> cont(Client& client) { co_await run(client, "cont"); }
Awaitable<> stop(Client& client) { co_await run(client, "stop"); }
Awaitable<> system_powerdown(Client& client) { co_await run(client, "system_powerdown"); }
Awaitable<> system_reset(Client& client) { co_await run(client, "system_reset"); }

Awaitable<> quit(Client& client) {
  try {
    co_await run(client, "quit");
  } catch (const Error& error) {
    if (error.code() != "qemu.gone") throw;
  }
}

Awaitable<std::vector<VirtualCpu>> query_cpus_fast(Client& client) {
  const boost::json::value answer = co_await client.execute("query-cpus-fast");
  std::vector<VirtualCpu> cpus;
  for (const boost::json::value& item : as_array(answer, "query-cpus-fast")) {
    const std::uint64_t index = count_at(item, "/cpu-index");
    const std::uint64_t thread = count_at(item, "/thread-id");
    if (index > 65535 || thread == 0 || thread > INT32_MAX) throw corrupt_error("query-cpus-fast names an impossible processor");
    cpus.push_back({static_cast<std::uint32_t>(index), static_cast<std::int64_t>(thread)});
  }
  std::ranges::sort(cpus, {}, &VirtualCpu::index);
  co_return cpus;
}

Awaitable<std::vector<std::int64_t>> query_iothreads(Client& client) {
  const boost::json::value answer = co_await client.execute("query-iothreads");
  std::vector<std::int64_t> threads;
  for (const boost::json::value& item : as_array(answer, "query-iothreads")) {
    const std::uint64_t thread = count_at(item, "/thread-id");
    if (thread == 0 || thread > INT32_MAX) throw corrupt_error("query-iothreads names an impossible thread");
    threads.push_back(static_cast<std::int64_t>(thread));
  }
  co_return threads;
}

Awaitable<std::vector<BlockStats>> query_blockstats(Client& client) {
  const boost::json::value answer = co_await client.execute("query-blockstats");
  std::vector<BlockStats> devices;
  for (const boost::json::value& item : as_array(answer, "query-blockstats")) {
    BlockStats stats;
    stats.device = string_at(item, "/device");
    stats.node_name = string_at(item, "/node-name");
    stats.qdev = string_at(item, "/qdev");
    stats.read = Bytes{count_at(item, "/stats/rd_bytes")};
    stats.written = Bytes{count_at(item, "/stats/wr_bytes")};
    stats.read_operations = count_at(item, "/stats/rd_operations");
    stats.write_operations = count_at(item, "/stats/wr_operations");
    devices.push_back(std::move(stats));
  }
  co_return devices;
}

Awaitable<> screendump_png(Client& client, std::filesystem::path file) {
  co_await run(client, "screendump", {{"filename", file.native()}, {"format", "png"}});
}

Awaitable<boost::json::value> qom_get(Client& client, std::string path, std::string property) {
  co_return co_await client.execute("qom-get", {{"path", std::move(path)}, {"property", std::move(property)}});
}

Awaitable<> qom_set(Client& client, std::string path, std::string property, boost::json::value value) {
  co_await run(client, "qom-set", {{"path", std::move(path)}, {"property", std::move(property)}, {"value", std::move(value)}});
}

Awaitable<> set_link(Client& client, std::string name, bool up) {
  co_await run(client, "set_link", {{"name", std::move(name)}, {"up", up}});
}

Awaitable<> getfd(Client& client, std::string name, const os::Fd& descriptor) {
  co_await client.execute_with_fd("getfd", {{"fdname", std::move(name)}}, descriptor);
}

Awaitable<std::int64_t> add_fd(Client& client, const os::Fd& descriptor, std::string label) {
  boost::json::object arguments{{"opaque", std::move(label)}};
  const boost::json::value answer = co_await client.execute_with_fd("add-fd", std::move(arguments), descriptor);
  const boost::json::value& number = at(answer, "/fdset-id");
  if (!number.is_int64()) throw corrupt_error("add-fd did not answer with a set");
  co_return number.get_int64();
}

Awaitable<> migrate_set_capabilities(Client& client, std::vector<MigrationCapability> capabilities) {
  boost::json::array list;
  for (const MigrationCapability& capability : capabilities) {
    list.push_back(boost::json::object{{"capability", capability.name}, {"state", capability.enabled}});
  }
  co_await run(client, "migrate-set-capabilities", {{"capabilities", std::move(list)}});
}

Awaitable<> migrate_set_bandwidth(Client& client, Bytes per_second) {
  co_await run(client, "migrate-set-parameters", {{"max-bandwidth", per_second.count}});
}

Awaitable<> migrate_to_fd(Client& client, std::string name) { co_await run(client, "migrate", {{"uri", "fd:" + name}}); }

Awaitable<> migrate_incoming_from_fd(Client& client, std::string name) {
  co_await run(client, "migrate-incoming", {{"uri", "fd:" + name}});
}

Awaitable<> migrate_cancel(Client& client) { co_await run(client, "migrate_cancel"); }

Awaitable<Migration> query_migrate(Client& client) {
  const boost::json::value answer = co_await client.execute("query-migrate");
  if (!answer.is_object()) throw corrupt_error("query-migrate did not answer with an object");
  Migration migration;
  migration.status = string_at(answer, "/status");
  migration.error = string_at(answer, "/error-desc");
  migration.transferred = Bytes{count_at(answer, "/ram/transferred")};
  migration.remaining = Bytes{count_at(answer, "/ram/remaining")};
  migration.total = Bytes{count_at(answer, "/ram/total")};
  co_return migration;
}

Awaitable<std::vector<UserForward>> query_user_forwards(Client& client) {
  const boost::json::value answer = co_await client.execute("human-monitor-command", {{"command-line", "info usernet"}});
  if (!answer.is_string()) throw corrupt_error("info usernet did not answer with text");
  co_return parse_user_forwards(answer.get_string());
}

std::vector<UserForward> parse_user_forwards(std::string_view text) {
  constexpr std::size_t kForwardLimit = 4096;
  std::vector<UserForward> forwards;
  std::string netdev;
  for (const std::string& line : text::split(text, '\n')) {
    // "Hub -1 (nic0):" opens the list of one netdev.
    const std::size_t open = line.find(" (");
    const std::size_t shut = line.rfind("):");
    if (line.starts_with("Hub ") && open != std::string::npos && shut != std::string::npos && shut > open) {
      netdev = text::printable(line.substr(open + 2, shut - open - 2));
      continue;
    }
    // "TCP[HOST_FORWARD]   9   127.0.0.1 37027   10.0.2.15   22   0   0": protocol, descriptor, from, to, two queues.
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 6 || (words[0] != "TCP[HOST_FORWARD]" && words[0] != "UDP[HOST_FORWARD]")) continue;
    const std::optional<std::uint16_t> host_port = parse_port(words[3]);
    const std::optional<std::uint16_t> guest_port = parse_port(words[5]);
    if (!host_port || !guest_port || forwards.size() >= kForwardLimit) continue;
    const std::string host = words[2] == "*" ? "0.0.0.0" : text::printable(words[2]);
    forwards.push_back(
        {netdev, words[0].starts_with("TCP") ? "tcp" : "udp", host, *host_port, text::printable(words[4]), *guest_port});
  }
  return forwards;
}

}  // namespace visor::qmp
