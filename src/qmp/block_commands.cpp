#include "qmp/block_commands.h"

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

namespace visor::qmp {
namespace {

std::string text_in(const boost::json::value& from, const char* pointer) {
  boost::system::error_code error;
  const boost::json::value* found = from.find_pointer(pointer, error);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

bool BlockDevice::belongs_to(const std::string& device_id) const {
  if (qdev == device_id) return true;
  const std::string path = "/peripheral/" + device_id;
  const std::size_t found = qdev.find(path);
  if (found == std::string::npos) return false;
  const std::size_t end = found + path.size();
  return end == qdev.size() || qdev[end] == '/';
}

Awaitable<std::vector<BlockDevice>> query_block_devices(Client& client) {
  const boost::json::value answer = co_await client.execute("query-block");
  if (!answer.is_array()) throw Error(ErrorKind::internal, "qemu.corrupt", "query-block did not answer with a list.");
  std::vector<BlockDevice> devices;
  for (const boost::json::value& item : answer.get_array()) {
    devices.push_back({text_in(item, "/qdev"), text_in(item, "/inserted/node-name"), text_in(item, "/inserted/drv")});
  }
  co_return devices;
}

Awaitable<> add_block_node(Client& client, boost::json::object node) { co_await client.execute("blockdev-add", std::move(node)); }

Awaitable<> remove_block_node(Client& client, std::string name) {
  co_await client.execute("blockdev-del", {{"node-name", std::move(name)}});
}

Awaitable<> put_overlays(Client& client, std::vector<NodeSwitch> switches) {
  boost::json::array actions;
  for (NodeSwitch& one : switches) {
    actions.push_back(boost::json::object{{"type", "blockdev-snapshot"},
                                          {"data", {{"node", std::move(one.node)}, {"overlay", std::move(one.overlay)}}}});
  }
  co_await client.execute("transaction", {{"actions", std::move(actions)}});
}

}  // namespace visor::qmp
