// Monitor commands that change the devices and limits of a running machine. Errors as in qmp/commands.h.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "qmp/client.h"

namespace visor::qmp {

/// A place for a virtual processor.
struct CpuSlot {
  std::string type;           ///< what device_add calls it
  boost::json::object place;  ///< socket-id, core-id, ...: properties of the device
  std::string qom_path;       ///< of the processor in it; empty: free
};
/// All places in the order in which QEMU fills them (query-hotpluggable-cpus).
Awaitable<std::vector<CpuSlot>> query_hotpluggable_cpus(Client& client);

Awaitable<> device_add(Client& client, boost::json::object device);
/// Asks the guest to let go of a device (its id or QOM path); returns before it has.
Awaitable<> device_del(Client& client, std::string id);
/// The size that the memory balloon lets the guest keep; the guest follows in its own time.
Awaitable<> balloon(Client& client, Bytes size);
/// What the balloon lets the guest keep now.
Awaitable<Bytes> query_balloon(Client& client);
/// The device through which memory is added while the guest runs.
inline constexpr const char* kAddedMemory = "added-memory";
/// The memory that the guest has taken of the device "added-memory" (virtio-mem).
Awaitable<Bytes> added_memory(Client& client);
/// How much of it the guest is asked to take; it follows in its own time.
Awaitable<> request_added_memory(Client& client, Bytes size);
/// What QEMU does by itself ("reboot", "shutdown", "panic", "watchdog").
Awaitable<> set_action(Client& client, boost::json::object actions);

}  // namespace visor::qmp
