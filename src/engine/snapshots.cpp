#include "engine/snapshots.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/snapshot_files.h"
#include "engine/snapshot_rules.h"
#include "loop/process.h"
#include "model/validate.h"
#include "os/file.h"

namespace visor::engine {
namespace {

/// The two halves of what is written in the journal: "ID/NAME".
std::pair<std::string, std::string> halves(const std::string& argument) {
  const std::size_t slash = argument.find('/');
  if (slash == std::string::npos) return {argument, ""};
  return {argument.substr(0, slash), argument.substr(slash + 1)};
}

std::string parent_name(const MachineRecord& record, const SnapshotRecord& snapshot) {
  const SnapshotRecord* parent = snapshot_by_id(record, snapshot.parent);
  return parent == nullptr ? "" : parent->name;
}

}  // namespace

Snapshots::Snapshots(Context& context, MachinePower& power) : context_(context), power_(power) {}

std::filesystem::path Snapshots::folder(const std::string& id, const std::string& snapshot) const {
  return context_.paths.machine_state(id) / "snapshots" / snapshot;
}

std::filesystem::path Snapshots::staging(const std::string& id, const std::string& present) const {
  return context_.paths.machine_state(id) / ("restored-" + present);
}

// --- looking at them ------------------------------------------------------------------------------------------------------

model::Snapshot Snapshots::view(const MachineEntry& entry, const SnapshotRecord& snapshot) const {
  const MachineRecord& record = entry.record;
  model::Snapshot shown;
  shown.id = snapshot.id;
  shown.name = snapshot.name;
  shown.note = snapshot.note;
  shown.created = snapshot.created;
  shown.parent = parent_name(record, snapshot);
  shown.kind = snapshot.memory_spec ? model::SnapshotKind::memory : model::SnapshotKind::disks;
  shown.running = snapshot.running;
  shown.quiet = snapshot.quiet;
  shown.screenshot = snapshot.screenshot;
  shown.current = record.snapshot == snapshot.id;
  shown.size = occupied(folder(record.id, snapshot.id));
  for (const model::Disk& disk : snapshot.spec.disks) {
    if (disk.volume.empty()) {
      shown.left_out.push_back(disk.id);
      continue;
    }
    shown.disks.push_back(disk.id);
    shown.size = shown.size + occupied(context_.paths.volumes() / disk.volume);
  }
  return shown;
}

model::SnapshotTree Snapshots::tree(const std::string& machine) const {
  const MachineEntry& entry = context_.machines.by_name(machine);
  model::SnapshotTree tree;
  for (const SnapshotRecord* snapshot : in_tree_order(entry.record)) {
    tree.snapshots.push_back(view(entry, *snapshot));
    if (tree.snapshots.back().current) tree.current = snapshot->name;
  }
  tree.changed = present_has_changed(entry);
  for (const Volume& volume : volumes_of(entry.record.spec)) {
    tree.size = tree.size + occupied(context_.paths.volumes() / volume.name);
  }
  return tree;
}

model::Snapshot Snapshots::get(const std::string& machine, const std::string& name) const {
  const MachineEntry& entry = context_.machines.by_name(machine);
  return view(entry, require_snapshot(entry.record, name));
}

Awaitable<std::string> Snapshots::screenshot(std::string machine, std::string name) const {
  const MachineEntry& entry = context_.machines.by_name(machine);
  const SnapshotRecord& snapshot = require_snapshot(entry.record, name);
  const std::filesystem::path file = folder(entry.record.id, snapshot.id) / kSnapshotScreen;
  if (!snapshot.screenshot) {
    throw Error(ErrorKind::not_found, "snapshot.no_screenshot",
                fmt::format("The snapshot '{}' has no picture: the machine did not run, or has no screen.", snapshot.name));
  }
  co_return os::read_file(file);
}

// --- changing what they are called ------------------------------------------------------------------------------------------

model::Snapshot Snapshots::change(const std::string& machine, const std::string& name, model::SnapshotChange wanted) {
  MachineEntry& entry = context_.machines.by_name(machine);
  const std::string id = require_snapshot(entry.record, name).id;
  Validation validation;
  if (wanted.name) model::check_snapshot_name(*wanted.name, "name", validation);
  if (wanted.note) model::check_text(*wanted.note, model::kLongestSnapshotNote, "note", validation);
  validation.throw_if_failed("snapshot.invalid");
  if (wanted.name && *wanted.name != name) require_free_name(entry.record, *wanted.name);
  MachineRecord record = entry.record;
  for (SnapshotRecord& snapshot : record.snapshots) {
    if (snapshot.id != id) continue;
    snapshot.name = wanted.name.value_or(snapshot.name);
    snapshot.note = wanted.note.value_or(snapshot.note);
  }
  context_.machines.change(entry, std::move(record));
  return view(entry, *snapshot_by_id(entry.record, id));
}

// --- what a dead daemon left ------------------------------------------------------------------------------------------------

void Snapshots::register_recovery() {
  context_.tasks.on_undo("settle_snapshot", "It was found out what had become of the snapshot.",
                         [this](std::string id) -> Awaitable<> { return settle(id); });
  context_.tasks.on_undo("drop_volume", "The layer {} is kept only if the machine needs it.",
                         [this](std::string argument) -> Awaitable<> {
                           const auto [id, volume] = halves(argument);
                           drop_volume(id, volume);
                           co_return;
                         });
  context_.tasks.on_undo("drop_snapshot", "The files of {} are kept only if there is such a snapshot.",
                         [this](std::string argument) -> Awaitable<> {
                           const auto [id, snapshot] = halves(argument);
                           drop_folder(id, snapshot);
                           co_return;
                         });
  context_.tasks.on_undo("finish_restore", "What was put aside for the restore was used or removed.",
                         [this](std::string argument) -> Awaitable<> {
                           const auto [id, present] = halves(argument);
                           co_await finish_restore(id, present);
                         });
  for (const char* kind : {"snapshot.create", "snapshot.restore", "snapshot.delete"}) {
    context_.tasks.on_recover(kind, [this](model::Task task) -> Awaitable<TaskEngine::Recovery> {
      for (const store::Undo& entry : context_.store.undo_of(task.id)) {
        const auto [id, name] = halves(entry.argument);
        if (entry.action == "settle_snapshot") co_await settle(id);
        if (entry.action == "finish_restore") co_await finish_restore(id, name);
      }
      TaskEngine::Recovery recovery = recover_task(task);
      for (const store::Undo& entry : context_.store.undo_of(task.id)) {
        const auto [id, name] = halves(entry.argument);
        if (entry.action == "drop_volume") drop_volume(id, name);
        if (entry.action == "drop_snapshot") drop_folder(id, name);
      }
      co_return recovery;
    });
  }
}

/// Whether the record says that the task has done what it was for; throws when it has not.
TaskEngine::Recovery Snapshots::recover_task(const model::Task& task) const {
  for (const store::Undo& entry : context_.store.undo_of(task.id)) {
    const auto [id, name] = halves(entry.argument);
    const MachineEntry* machine = context_.machines.find(id);
    if (machine == nullptr) continue;
    const bool there = snapshot_by_id(machine->record, name) != nullptr;
    if (task.kind == "snapshot.create" && entry.action == "drop_snapshot" && there) {
      return {"visord was restarted meanwhile; the snapshot is made."};
    }
    if (task.kind == "snapshot.delete" && entry.action == "drop_snapshot" && !there) {
      return {"visord was restarted meanwhile; the snapshot is deleted."};
    }
    if (task.kind == "snapshot.restore" && entry.action == "finish_restore" && machine->record.present == name) {
      return {"visord was restarted meanwhile; the machine is what the snapshot was."};
    }
  }
  throw Error(ErrorKind::unavailable, "task.interrupted",
              "visord ended while this was being done; what was half done was undone.", "Start it again.");
}

void Snapshots::drop_volume(const std::string& id, const std::string& volume) const {
  const MachineEntry* entry = context_.machines.find(id);
  if (volume.empty() || (entry != nullptr && uses_volume(entry->record, volume))) return;
  os::remove_tree(context_.paths.volumes() / volume);
}

void Snapshots::drop_folder(const std::string& id, const std::string& snapshot) const {
  const MachineEntry* entry = context_.machines.find(id);
  const bool needed = entry != nullptr && (snapshot_by_id(entry->record, snapshot) != nullptr ||
                                           (entry->record.unsettled && entry->record.unsettled->snapshot.id == snapshot));
  if (!snapshot.empty() && !needed) os::remove_tree(folder(id, snapshot));
}

Awaitable<> Snapshots::sync_store() const {
  // Commits to the store do not wait for the disk. These must not come after what they speak of.
  co_await loop::run_blocking([file = std::filesystem::path(context_.paths.database().native() + "-wal")] { sync_path(file); });
}

/// A machine whose memory was being written stood still for that, or went on when nobody read it any more.
Awaitable<> Snapshots::settle_pause(std::string id, bool paused) {
  const MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr || !entry->running) co_return;
  const model::Status status = co_await entry->running->status();
  entry = context_.machines.find(id);
  if (entry == nullptr || !entry->running) co_return;
  if (paused && status == model::Status::running) co_await entry->running->pause();
  if (!paused && status == model::Status::paused) co_await entry->running->resume();
}

Awaitable<> Snapshots::settle(std::string id) {
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr) co_return;
  if (const std::string present = entry->record.present; !present.empty()) co_await finish_restore(id, present);
  entry = context_.machines.find(id);
  if (entry == nullptr || !entry->record.unsettled) co_return;
  const UnsettledSnapshot open = *entry->record.unsettled;
  bool switched = false;
  if (entry->running) {
    switched = co_await entry->running->settle_snapshot(new_layers(context_.paths, open));
    if (open.snapshot.memory_spec) co_await settle_pause(id, open.paused);
  } else {
    // Nobody can be asked any more. A layer that nothing was written to can be left out without losing anything.
    for (const LayerRecord& layer : open.layers) {
      const std::filesystem::path file = context_.paths.volumes() / layer.volume;
      if (!switched && std::filesystem::exists(file)) switched = !co_await context_.storage.is_blank(file);
    }
  }
  entry = context_.machines.find(id);
  if (entry == nullptr || !entry->record.unsettled) co_return;
  MachineRecord record = entry->record;
  if (switched) add_snapshot(record, open, open.snapshot.created);
  record.unsettled.reset();
  context_.machines.change(*entry, std::move(record));
  co_await sync_store();
  // The task that made them may have ended while nobody could tell whether they were needed.
  for (const LayerRecord& layer : open.layers) drop_volume(id, layer.volume);
  drop_folder(id, open.snapshot.id);
}

}  // namespace visor::engine
