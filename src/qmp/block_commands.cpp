#include "qmp/block_commands.h"

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "qmp/errors.h"

namespace visor::qmp {
namespace {

constexpr std::string_view kDescriptorSet = "/dev/fdset/";

std::string text_at(const boost::json::value& item, const char* pointer) {
  boost::system::error_code error;
  const boost::json::value* found = item.find_pointer(pointer, error);
  return found != nullptr && found->is_string() ? text::printable(found->get_string()) : std::string();
}

bool flag_at(const boost::json::value& item, const char* pointer) {
  boost::system::error_code error;
  const boost::json::value* found = item.find_pointer(pointer, error);
  return found != nullptr && found->is_bool() && found->get_bool();
}

Awaitable<boost::json::array> ask_list(Client& client, std::string command, boost::json::object arguments = {}) {
  boost::json::value answer = co_await client.execute(command, std::move(arguments));
  if (!answer.is_array()) throw corrupt_error(command + " did not answer with a list");
  co_return std::move(answer.get_array());
}

}  // namespace

bool BlockDevice::is(const std::string& id) const {
  const std::string path = "/machine/peripheral/" + id;
  return qdev == id || qdev == path || qdev.starts_with(path + "/");
}

std::optional<std::int64_t> BlockNode::descriptor_set() const {
  if (!file.starts_with(kDescriptorSet)) return std::nullopt;
  std::int64_t set = 0;
  const char* begin = file.data() + kDescriptorSet.size();
  const auto [end, error] = std::from_chars(begin, file.data() + file.size(), set);
  return error == std::errc() && end == file.data() + file.size() ? std::optional(set) : std::nullopt;
}

Awaitable<std::vector<BlockDevice>> query_block(Client& client) {
  std::vector<BlockDevice> devices;
  for (const boost::json::value& item : co_await ask_list(client, "query-block")) {
    devices.push_back({text_at(item, "/qdev"), text_at(item, "/inserted/node-name"), text_at(item, "/inserted/drv"),
                       flag_at(item, "/tray_open")});
  }
  co_return devices;
}

Awaitable<std::vector<BlockNode>> query_named_block_nodes(Client& client) {
  std::vector<BlockNode> nodes;
  for (const boost::json::value& item : co_await ask_list(client, "query-named-block-nodes", {{"flat", true}})) {
    nodes.push_back({text_at(item, "/node-name"), text_at(item, "/drv"), text_at(item, "/file")});
  }
  co_return nodes;
}

Awaitable<> blockdev_add(Client& client, boost::json::object node) { co_await client.execute("blockdev-add", std::move(node)); }
Awaitable<> blockdev_del(Client& client, std::string node) {
  co_await client.execute("blockdev-del", {{"node-name", std::move(node)}});
}
Awaitable<> put_overlays(Client& client, std::vector<NodeSwitch> switches) {
  boost::json::array actions;
  for (const NodeSwitch& one : switches) {
    actions.push_back(
        boost::json::object{{"type", "blockdev-snapshot"}, {"data", {{"node", one.node}, {"overlay", one.overlay}}}});
  }
  co_await client.execute("transaction", {{"actions", std::move(actions)}});
}
Awaitable<> block_resize(Client& client, std::string node, Bytes size) {
  co_await client.execute("block_resize", {{"node-name", std::move(node)}, {"size", size.count}});
}
Awaitable<> block_set_io_throttle(Client& client, boost::json::object arguments) {
  co_await client.execute("block_set_io_throttle", std::move(arguments));
}

Awaitable<> blockdev_open_tray(Client& client, std::string id, bool force) {
  co_await client.execute("blockdev-open-tray", {{"id", std::move(id)}, {"force", force}});
}
Awaitable<> blockdev_close_tray(Client& client, std::string id) {
  co_await client.execute("blockdev-close-tray", {{"id", std::move(id)}});
}
Awaitable<> blockdev_remove_medium(Client& client, std::string id) {
  co_await client.execute("blockdev-remove-medium", {{"id", std::move(id)}});
}
Awaitable<> blockdev_insert_medium(Client& client, std::string id, std::string node) {
  co_await client.execute("blockdev-insert-medium", {{"id", std::move(id)}, {"node-name", std::move(node)}});
}

Awaitable<std::vector<DescriptorSet>> query_fdsets(Client& client) {
  std::vector<DescriptorSet> sets;
  for (const boost::json::value& item : co_await ask_list(client, "query-fdsets")) {
    const boost::json::object* object = item.if_object();
    const boost::json::value* number = object != nullptr ? object->if_contains("fdset-id") : nullptr;
    const boost::json::value* descriptors = object != nullptr ? object->if_contains("fds") : nullptr;
    if (number == nullptr || !number->is_int64() || descriptors == nullptr || !descriptors->is_array()) {
      throw corrupt_error("query-fdsets names a set without a number");
    }
    DescriptorSet set{number->get_int64(), {}};
    for (const boost::json::value& descriptor : descriptors->get_array()) {
      if (std::string label = text_at(descriptor, "/opaque"); !label.empty()) set.labels.push_back(std::move(label));
    }
    sets.push_back(std::move(set));
  }
  co_return sets;
}

Awaitable<> remove_fd(Client& client, std::int64_t set) { co_await client.execute("remove-fd", {{"fdset-id", set}}); }

}  // namespace visor::qmp
