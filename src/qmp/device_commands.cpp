#include "qmp/device_commands.h"

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "qmp/commands.h"
#include "qmp/errors.h"

namespace visor::qmp {

Awaitable<std::vector<CpuSlot>> query_hotpluggable_cpus(Client& client) {
  const boost::json::value answer = co_await client.execute("query-hotpluggable-cpus");
  const boost::json::array* list = answer.if_array();
  if (list == nullptr) throw corrupt_error("query-hotpluggable-cpus did not answer with a list");
  std::vector<CpuSlot> slots;
  for (const boost::json::value& item : *list) {
    const boost::json::object* object = item.if_object();
    const boost::json::value* type = object != nullptr ? object->if_contains("type") : nullptr;
    const boost::json::value* place = object != nullptr ? object->if_contains("props") : nullptr;
    if (type == nullptr || !type->is_string() || place == nullptr || !place->is_object()) {
      throw corrupt_error("query-hotpluggable-cpus names a processor without a place");
    }
    const boost::json::value* path = object->if_contains("qom-path");
    slots.push_back({std::string(type->get_string()), place->get_object(),
                     path != nullptr && path->is_string() ? std::string(path->get_string()) : ""});
  }
  // QEMU puts each before the one that it has found earlier (hw/core/machine.c, machine_query_hotpluggable_cpus).
  std::ranges::reverse(slots);
  co_return slots;
}

Awaitable<> device_add(Client& client, boost::json::object device) { co_await client.execute("device_add", std::move(device)); }
Awaitable<> device_del(Client& client, std::string id) { co_await client.execute("device_del", {{"id", std::move(id)}}); }
Awaitable<> balloon(Client& client, Bytes size) { co_await client.execute("balloon", {{"value", size.count}}); }
Awaitable<Bytes> query_balloon(Client& client) {
  const boost::json::value answer = co_await client.execute("query-balloon");
  const boost::json::object* object = answer.if_object();
  const boost::json::value* actual = object != nullptr ? object->if_contains("actual") : nullptr;
  boost::system::error_code error;
  const std::uint64_t bytes = actual != nullptr && actual->is_number() ? actual->to_number<std::uint64_t>(error) : 0;
  if (actual == nullptr || error) throw corrupt_error("query-balloon did not answer with a size");
  co_return Bytes{bytes};
}
Awaitable<Bytes> added_memory(Client& client) {
  const boost::json::value size = co_await qom_get(client, std::string("/machine/peripheral/") + kAddedMemory, "size");
  boost::system::error_code error;
  const std::uint64_t bytes = size.is_number() ? size.to_number<std::uint64_t>(error) : 0;
  if (!size.is_number() || error) throw corrupt_error("QEMU did not tell the size of added memory");
  co_return Bytes{bytes};
}
Awaitable<> request_added_memory(Client& client, Bytes size) {
  co_await qom_set(client, std::string("/machine/peripheral/") + kAddedMemory, "requested-size", size.count);
}
Awaitable<> set_action(Client& client, boost::json::object actions) { co_await client.execute("set-action", std::move(actions)); }

}  // namespace visor::qmp
