// Monitor commands that change the layers below the disks of a running machine. Errors as in qmp/commands.h.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "loop/awaitable.h"
#include "qmp/client.h"

namespace visor::qmp {

/// A disk or drive of the guest and the topmost node below it.
struct BlockDevice {
  std::string qdev;    ///< id of the guest's device, or its path in QEMU's tree
  std::string node;    ///< empty: a drive without medium
  std::string driver;  ///< of that node

  /// Whether it is the device with this id, or the part of it that has the disk.
  bool belongs_to(const std::string& device_id) const;
};
/// All disks and drives (query-block).
Awaitable<std::vector<BlockDevice>> query_block_devices(Client& client);

Awaitable<> add_block_node(Client& client, boost::json::object node);
Awaitable<> remove_block_node(Client& client, std::string name);

/// A node and the one that comes between it and its users.
struct NodeSwitch {
  std::string node;
  std::string overlay;  ///< with no node below it
};
/// From one moment on everything is written to the overlays: all of them, or none when it fails.
Awaitable<> put_overlays(Client& client, std::vector<NodeSwitch> switches);

}  // namespace visor::qmp
