// What may be done with the snapshots of a machine now.
#pragma once

#include <string>
#include <vector>

#include "engine/machine_registry.h"
#include "engine/snapshot_tree.h"
#include "hypervisor/hypervisor.h"
#include "model/paths.h"
#include "model/snapshot.h"

namespace visor::engine {

/// Whether the present may differ from the snapshot that it stands on.
bool present_has_changed(const MachineEntry& entry);
/// Throws Error `snapshot.exists`.
void require_free_name(const MachineRecord& record, const std::string& name);
/// Throws what keeps a machine from getting a snapshot now: its state (`machine.wrong_state`), its disks (`snapshot.foreign_disk`),
/// the request.
void require_can_snapshot(const MachineEntry& entry, const model::SnapshotRequest& request);
/// Throws what keeps the present from being replaced by a snapshot: `machine.wrong_state`, `snapshot.would_lose`.
void require_can_restore(const MachineEntry& entry, const model::RestoreRequest& request);
/// Throws what keeps snapshots from being deleted: `snapshot.in_use`, `snapshot.holds_present`.
void require_can_remove(const MachineEntry& entry, const SnapshotRecord& snapshot, bool branch);

/// The layers as the hypervisor is told them: those of disks that the running machine has.
std::vector<hypervisor::NewLayer> new_layers(const model::InstancePaths& paths, const UnsettledSnapshot& open);

}  // namespace visor::engine
