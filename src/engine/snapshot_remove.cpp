// Deleting snapshots: what stands on one gets what it needs of it first.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/snapshot_files.h"
#include "engine/snapshot_rules.h"
#include "engine/snapshots.h"
#include "os/file.h"

namespace visor::engine {
namespace {

std::vector<std::string> removed_ids(const MachineRecord& record, const std::string& id, bool branch) {
  return branch ? branch_of(record, id) : std::vector<std::string>{id};
}

/// Volumes that go with the snapshots.
std::vector<Volume> removed_volumes(const MachineRecord& record, const std::vector<std::string>& ids) {
  MachineRecord after = record;
  drop_snapshots(after, ids);
  const std::set<Volume> kept = volumes_of(after);
  std::vector<Volume> gone;
  for (const Volume& volume : volumes_of(record)) {
    if (!kept.contains(volume)) gone.push_back(volume);
  }
  return gone;
}

}  // namespace

model::SnapshotRemoval Snapshots::describe_removal(const MachineEntry& entry, const std::string& snapshot, bool branch) const {
  const MachineRecord& record = entry.record;
  model::SnapshotRemoval removal;
  const std::vector<std::string> ids = removed_ids(record, snapshot, branch);
  const auto goes = [&](const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
  for (const SnapshotRecord* one : in_tree_order(record)) {
    if (goes(one->id)) removal.snapshots.push_back(one->name);
    if (!goes(one->id) && goes(one->parent)) removal.merged_into.push_back(one->name);
  }
  removal.present = goes(record.snapshot);
  const auto add = [&removal](const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return;
    removal.removes.push_back(path.native());
    removal.size = removal.size + occupied(path);
  };
  for (const Volume& volume : removed_volumes(record, ids)) add(context_.paths.volumes() / volume.name);
  for (const std::string& id : ids) add(folder(record.id, id));
  return removal;
}

Awaitable<model::SnapshotRemoval> Snapshots::preview_remove(std::string machine, std::string name, bool branch) {
  const MachineEntry& entry = context_.machines.by_name(machine);
  const SnapshotRecord& snapshot = require_snapshot(entry.record, name);
  require_can_remove(entry, snapshot, branch);
  co_return describe_removal(entry, snapshot.id, branch);
}

Awaitable<model::Task> Snapshots::remove(std::string machine, std::string name, bool branch) {
  const MachineEntry& entry = context_.machines.by_name(machine);
  const SnapshotRecord& snapshot = require_snapshot(entry.record, name);
  require_can_remove(entry, snapshot, branch);
  TaskDescription description;
  description.kind = "snapshot.delete";
  description.title = fmt::format("Delete the snapshot {} of {}", snapshot.name, entry.record.name);
  description.subject = {"machine", entry.record.name};
  description.steps = {"Merge disks", "Delete files"};
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  co_return context_.tasks.start(std::move(description),
                                 power_.on_machine(id, [this, id, wanted = snapshot.id, branch](TaskRun& run) -> Awaitable<> {
                                   co_await settle(id);
                                   const MachineEntry& machine_now = require_machine(context_, id);
                                   const SnapshotRecord* found = snapshot_by_id(machine_now.record, wanted);
                                   if (found == nullptr) co_return;
                                   require_can_remove(machine_now, *found, branch);
                                   const std::vector<std::string> ids = removed_ids(machine_now.record, wanted, branch);
                                   co_await remove_now(run, id, ids);
                                 }));
}

Awaitable<> Snapshots::remove_now(TaskRun& run, std::string id, std::vector<std::string> snapshots) {
  run.step("Merge disks");
  const std::vector<Volume> gone = removed_volumes(require_machine(context_, id).record, snapshots);
  // Until the record lets go of them these keep everything.
  for (const std::string& snapshot : snapshots) run.undo("drop_snapshot", fmt::format("{}/{}", id, snapshot));
  for (const Volume& volume : gone) run.undo("drop_volume", fmt::format("{}/{}", id, volume.name));
  co_await merge(run, id, gone);
  run.step("Delete files");
  MachineEntry& entry = require_machine(context_, id);
  MachineRecord record = entry.record;
  drop_snapshots(record, snapshots);
  context_.machines.change(entry, std::move(record));
  co_await sync_store();
  for (const Volume& volume : gone) drop_volume(id, volume.name);
  for (const std::string& snapshot : snapshots) drop_folder(id, snapshot);
}

Awaitable<std::vector<Volume>> Snapshots::standing_on(std::string id, Volume volume) const {
  const std::filesystem::path wanted = std::filesystem::canonical(context_.paths.volumes() / volume.name);
  std::vector<Volume> found;
  for (const Volume& other : volumes_of(require_machine(context_, id).record)) {
    if (other.format != model::DiskFormat::qcow2 || other.name == volume.name) continue;
    const auto layers = co_await context_.storage.chain(context_.paths.volumes() / other.name, other.format);
    if (layers.size() > 1 && layers[1].path == wanted) found.push_back(other);
  }
  co_return found;
}

Awaitable<> Snapshots::merge(TaskRun& run, std::string id, std::vector<Volume> gone) {
  for (const Volume& volume : gone) {
    for (const Volume& above : co_await standing_on(id, volume)) {
      // Those that go themselves need nothing.
      if (std::find(gone.begin(), gone.end(), above) != gone.end()) continue;
      const storage::Progress report = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
      co_await context_.storage.merge_below(context_.paths.volumes() / above.name, report);
    }
  }
}

}  // namespace visor::engine
