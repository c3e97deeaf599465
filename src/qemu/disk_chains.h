// The block nodes of disks in a machine that runs: opened for it, and closed when nothing needs them any more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/awaitable.h"
#include "qmp/block_commands.h"
#include "qmp/client.h"

namespace visor::qemu {

/// The device with this id, and what is in it.
Awaitable<std::optional<qmp::BlockDevice>> find_device(qmp::Client& client, std::string id);

/// Opens the files of a disk and gives them to QEMU as a chain of nodes; the name of the top one. On failure nothing is left.
/// Errors: those of open_planned().
Awaitable<std::string> add_chain(qmp::Client& client, model::Disk disk, std::vector<hypervisor::DiskLayer> layers);

/// "disk1-0" -> "disk1-": how all nodes of one chain begin.
std::string chain_prefix(const std::string& node);

/// Removes every node of a chain with what each has open. What is still in use stays: QEMU refuses to take it away.
Awaitable<> remove_chain(qmp::Client& client, std::string prefix);

/// Removes the chains that no device has: a daemon that was killed may have left them between two steps.
Awaitable<> remove_stale_chains(qmp::Client& client);

}  // namespace visor::qemu
