// What a disk is inside QEMU: its block nodes and the device on top of them, for the command line and for a running machine alike.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "qemu/plan.h"

namespace visor::qemu {

/// The nodes of a chain from the base up; the top one is called PREFIX-0. Every driver is stated and every backing link is explicit,
/// so that nothing in a file's header decides what QEMU opens. `disk` says how they are cached.
std::vector<boost::json::object> chain_nodes(const std::string& prefix, const PlannedDisk& files,
                                             const std::vector<hypervisor::DiskLayer>& layers, const model::Disk& disk);

/// The two nodes of one layer: the open file, called NAME-file, and the format on top of it, called NAME. `below`: the node that it
/// stands on; empty: none.
std::vector<boost::json::object> layer_nodes(const std::string& name, const PlannedFile& file, model::DiskFormat format,
                                             const std::string& below, const model::Disk& disk);

/// The node of one open file without a format (firmware).
boost::json::object file_node(const std::string& name, const PlannedFile& file);

/// QEMU's type of the device on a bus (not auto); a CD drive has another one than a disk.
const char* disk_driver(model::DiskBus bus, bool cdrom);

/// What the device says of the disk itself, wherever it is plugged in: id, node, serial, sectors, cache. `node` empty: no medium.
boost::json::object disk_device(const model::Disk& disk, model::DiskBus bus, const std::string& node);

/// The port for a disk that comes and goes, on chipsets with PCI Express.
std::string slot_port(std::uint32_t slot);
/// Puts a PCI device into a slot (1 to model::kDiskSlots).
void place_in_slot(boost::json::object& device, std::uint32_t slot, bool pcie);
/// The SCSI target of a disk in a slot: behind all that are numbered in turn.
std::uint32_t slot_target(std::uint32_t slot);

/// block_set_io_throttle's arguments for the limits of a disk (qemu qapi/block-core.json, BlockIOThrottle).
boost::json::object throttle_arguments(const model::Disk& disk, model::DiskBus bus);
bool has_limits(const model::DiskLimits& limits);
bool same_limits(const model::DiskLimits& a, const model::DiskLimits& b);

}  // namespace visor::qemu
