// What snapshots do to the record of a machine: pure functions, no files.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/machine_record.h"

namespace visor::engine {

/// A volume and its format.
struct Volume {
  std::string name;
  model::DiskFormat format = model::DiskFormat::qcow2;
  auto operator<=>(const Volume&) const = default;
};

/// The volumes of the disks in a spec.
std::vector<Volume> volumes_of(const model::MachineSpec& spec);
/// Every volume that belongs to the machine: of the present, of its snapshots, and of one that is not settled.
std::set<Volume> volumes_of(const MachineRecord& record);
/// Whether the machine needs this volume.
bool uses_volume(const MachineRecord& record, const std::string& volume);

/// The snapshot with this name or this id, or nullptr.
const SnapshotRecord* snapshot_named(const MachineRecord& record, const std::string& name);
const SnapshotRecord* snapshot_by_id(const MachineRecord& record, const std::string& id);
/// The snapshot with this name. Throws Error `snapshot.not_found`.
const SnapshotRecord& require_snapshot(const MachineRecord& record, const std::string& name);
/// All snapshots, each behind its parent, brothers by age.
std::vector<const SnapshotRecord*> in_tree_order(const MachineRecord& record);
/// The ids of a snapshot and of all that stand on it, itself first.
std::vector<std::string> branch_of(const MachineRecord& record, const std::string& id);
/// Whether the present stands on the snapshot, directly or on others that do.
bool carries_present(const MachineRecord& record, const std::string& id);
/// "snapshot-3": a name that no snapshot of the machine has.
std::string free_snapshot_name(const MachineRecord& record);

/// New layers for all disks with a volume in `spec`; `present` becomes part of their names.
std::vector<LayerRecord> plan_layers(const std::string& machine_id, const model::MachineSpec& spec, const std::string& present);
/// Points the disks at their new layers.
void put_on_layers(model::MachineSpec& spec, const std::vector<LayerRecord>& layers);

/// The snapshot exists, and the present stands on it with new layers.
void add_snapshot(MachineRecord& record, const UnsettledSnapshot& made, WallTime now);
/// The present is what the snapshot was, on new layers. The disks are those of the snapshot; the other settings, too, when it has
/// memory, and else stay as they are.
void restore_snapshot(MachineRecord& record, const SnapshotRecord& snapshot, const std::vector<LayerRecord>& layers,
                      const std::string& present, WallTime now);
/// The snapshots are gone; what stood on them stands on what they stood on.
void drop_snapshots(MachineRecord& record, const std::vector<std::string>& ids);

}  // namespace visor::engine
