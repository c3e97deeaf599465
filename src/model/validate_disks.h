// Disks and CD drives, as far as they can be judged without looking at the host.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

/// Notes what no disk can be; `path` is that of the disk.
void check_disk(const Disk& disk, const std::string& path, Validation& validation);

/// Notes slots that are used twice; `path` is that of the list.
void check_slots(const std::vector<Disk>& disks, const std::string& path, Validation& validation);

/// The lowest slot that no disk has; 0: all are taken.
std::uint32_t free_slot(const std::vector<Disk>& disks);

/// Whether a disk on this bus can be added to a running machine and taken away from it.
bool is_hot_pluggable(DiskBus bus);

}  // namespace visor::model
