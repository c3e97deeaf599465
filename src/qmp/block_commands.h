// Monitor commands for block nodes and the media of devices (qemu qapi/block-core.json, qapi/block.json). Errors as in
// qmp/commands.h.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "qmp/client.h"

namespace visor::qmp {

/// What is plugged in: a guest device with its medium (query-block).
struct BlockDevice {
  std::string qdev;    ///< QOM path of the guest device: "/machine/peripheral/ID" or something below it
  std::string node;    ///< its top node; empty: no medium
  std::string driver;  ///< of that node
  bool tray_open = false;

  /// Whether it is the device with this id.
  bool is(const std::string& id) const;
};
Awaitable<std::vector<BlockDevice>> query_block(Client& client);

/// A block node (query-named-block-nodes).
struct BlockNode {
  std::string name;
  std::string driver;
  std::string file;  ///< of a node of the driver "file": what it has open, such as "/dev/fdset/3"

  /// The descriptor set that it has open.
  std::optional<std::int64_t> descriptor_set() const;
};
Awaitable<std::vector<BlockNode>> query_named_block_nodes(Client& client);

Awaitable<> blockdev_add(Client& client, boost::json::object node);
Awaitable<> blockdev_del(Client& client, std::string node);
/// A node and the one that comes between it and its users.
struct NodeSwitch {
  std::string node;
  std::string overlay;  ///< with no node below it
};
/// From one moment on everything is written to the overlays: all of them, or none when it fails.
Awaitable<> put_overlays(Client& client, std::vector<NodeSwitch> switches);
/// Grows a node, and tells the guest where its device can.
Awaitable<> block_resize(Client& client, std::string node, Bytes size);
/// `arguments`: id and limits (BlockIOThrottle).
Awaitable<> block_set_io_throttle(Client& client, boost::json::object arguments);

/// Opens the tray of a drive. A guest that has locked it is asked to let go, and the call fails; `force`: it is not asked.
Awaitable<> blockdev_open_tray(Client& client, std::string id, bool force);
Awaitable<> blockdev_close_tray(Client& client, std::string id);
Awaitable<> blockdev_remove_medium(Client& client, std::string id);
Awaitable<> blockdev_insert_medium(Client& client, std::string id, std::string node);

/// A set of descriptors that QEMU was given (query-fdsets).
struct DescriptorSet {
  std::int64_t number = 0;
  std::vector<std::string> labels;  ///< one for each descriptor that has one
};
Awaitable<std::vector<DescriptorSet>> query_fdsets(Client& client);
/// Takes a whole descriptor set from QEMU; what is still in use of it stays open there.
Awaitable<> remove_fd(Client& client, std::int64_t set);

}  // namespace visor::qmp
