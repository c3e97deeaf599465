// Snapshots of machines: making them, going back to them, deleting them, and what a dead daemon left of that.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/machine_power.h"
#include "engine/snapshot_tree.h"
#include "model/snapshot.h"

namespace visor::engine {

/// The tree is in the record of the machine, and each step changes it at once: whenever the daemon dies, there is the tree before
/// or the one after. Files that no record needs are named in the journal before they are made, and before the record lets go of
/// them, so that what is left over is always found.
class Snapshots {
 public:
  Snapshots(Context& context, MachinePower& power);

  model::SnapshotTree tree(const std::string& machine) const;
  model::Snapshot get(const std::string& machine, const std::string& name) const;
  /// PNG bytes. Error `snapshot.no_screenshot`.
  Awaitable<std::string> screenshot(std::string machine, std::string name) const;

  Awaitable<model::Task> create(std::string machine, model::SnapshotRequest request);
  Awaitable<model::Task> restore(std::string machine, std::string name, model::RestoreRequest request);
  Awaitable<model::SnapshotRemoval> preview_remove(std::string machine, std::string name, bool branch);
  Awaitable<model::Task> remove(std::string machine, std::string name, bool branch);
  model::Snapshot change(const std::string& machine, const std::string& name, model::SnapshotChange wanted);

  /// Undo and finish actions for the task engine.
  void register_recovery();
  /// Before a machine starts: what its disks are must be known, whatever became of the last snapshot or restore.
  Awaitable<> settle(std::string id);

 private:
  Awaitable<> settle_pause(std::string id, bool paused);
  Awaitable<std::string> create_now(TaskRun& run, std::string id, model::SnapshotRequest request);
  UnsettledSnapshot plan(const MachineEntry& entry, const model::SnapshotRequest& request) const;
  Awaitable<> make_layers(TaskRun& run, std::string id, std::vector<LayerRecord> layers);
  Awaitable<> freeze_at_rest(std::string id, UnsettledSnapshot planned);
  Awaitable<> freeze_running(TaskRun& run, std::string id, UnsettledSnapshot planned);
  Awaitable<bool> take_picture(std::string id, std::filesystem::path file);
  Awaitable<> copy_guest_state(std::string id, std::filesystem::path to) const;

  Awaitable<> restore_now(TaskRun& run, std::string id, std::string snapshot, model::RestoreRequest request);
  Awaitable<> switch_present(TaskRun& run, std::string id, std::string snapshot);
  Awaitable<> stage(const std::string& id, const SnapshotRecord& snapshot, std::filesystem::path folder) const;
  /// Moves what was put aside for the present to its place; drops it when the present is another one.
  Awaitable<> finish_restore(std::string id, std::string present);

  Awaitable<> remove_now(TaskRun& run, std::string id, std::vector<std::string> snapshots);
  Awaitable<> merge(TaskRun& run, std::string id, std::vector<Volume> gone);
  /// The volumes of the machine that stand directly on this one.
  Awaitable<std::vector<Volume>> standing_on(std::string id, Volume volume) const;
  model::SnapshotRemoval describe_removal(const MachineEntry& entry, const std::string& snapshot, bool branch) const;

  /// Forces to the disk what the store holds.
  Awaitable<> sync_store() const;
  void drop_volume(const std::string& id, const std::string& volume) const;
  void drop_folder(const std::string& id, const std::string& snapshot) const;
  TaskEngine::Recovery recover_task(const model::Task& task) const;

  std::filesystem::path folder(const std::string& id, const std::string& snapshot) const;
  std::filesystem::path staging(const std::string& id, const std::string& present) const;
  model::Snapshot view(const MachineEntry& entry, const SnapshotRecord& snapshot) const;

  Context& context_;
  MachinePower& power_;
};

/// Files of a snapshot's folder.
inline constexpr const char* kSnapshotMemory = "memory.state";
inline constexpr const char* kSnapshotScreen = "screen";

}  // namespace visor::engine
