// Going to a snapshot: the present gets new layers on those that the snapshot keeps.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/id.h"
#include "engine/snapshot_files.h"
#include "engine/snapshot_rules.h"
#include "engine/snapshots.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr unsigned kTokenBytes = 4;
constexpr const char* kKeepStep = "Keep the present";

/// Volumes of the present that nothing needs any more once the record is `after`.
std::vector<std::string> abandoned(const MachineRecord& before, const MachineRecord& after) {
  std::vector<std::string> volumes;
  for (const Volume& volume : volumes_of(before)) {
    if (!uses_volume(after, volume.name)) volumes.push_back(volume.name);
  }
  return volumes;
}

}  // namespace

Awaitable<model::Task> Snapshots::restore(std::string machine, std::string name, model::RestoreRequest request) {
  const MachineEntry& entry = context_.machines.by_name(machine);
  const SnapshotRecord& snapshot = require_snapshot(entry.record, name);
  require_can_restore(entry, request);
  TaskDescription description;
  description.kind = "snapshot.restore";
  description.title = fmt::format("Take {} back to {}", entry.record.name, snapshot.name);
  description.subject = {"machine", entry.record.name};
  if (request.keep) description.steps.emplace_back(kKeepStep);
  description.steps.insert(description.steps.end(), {"Turn off", "Prepare disks"});
  const bool starts = request.start && (entry.running || snapshot.memory_spec);
  if (starts) description.steps.emplace_back(snapshot.memory_spec ? "Restore" : "Start QEMU");
  description.cancellable = false;
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  co_return context_.tasks.start(std::move(description),
                                 power_.on_machine(id, [this, id, snapshot = snapshot.id, request](TaskRun& run) -> Awaitable<> {
                                   co_await restore_now(run, id, snapshot, request);
                                 }));
}

Awaitable<> Snapshots::restore_now(TaskRun& run, std::string id, std::string snapshot, model::RestoreRequest request) {
  co_await settle(id);
  require_can_restore(require_machine(context_, id), request);
  const bool ran = require_machine(context_, id).running != nullptr;
  if (request.keep) {
    run.step(kKeepStep);
    co_await create_now(run, id, {.name = request.keep_name});
  }
  run.step("Turn off");
  co_await power_.kill_now(id);
  run.step("Prepare disks");
  co_await switch_present(run, id, snapshot);
  const MachineEntry& entry = require_machine(context_, id);
  const bool starts = request.start && (ran || entry.status == model::Status::saved) && !entry.record.spec.protection.start;
  if (starts) co_await power_.start_now(run, id, {});
}

Awaitable<> Snapshots::switch_present(TaskRun& run, std::string id, std::string snapshot) {
  const SnapshotRecord* found = snapshot_by_id(require_machine(context_, id).record, snapshot);
  if (found == nullptr) throw Error(ErrorKind::not_found, "snapshot.gone", "The snapshot was deleted meanwhile.");
  const SnapshotRecord target = *found;
  const std::string present = make_secret(kTokenBytes);
  const std::vector<LayerRecord> layers = plan_layers(id, target.spec, present);
  run.undo("finish_restore", id + "/" + present);
  co_await make_layers(run, id, layers);
  co_await stage(id, target, staging(id, present));
  MachineEntry& entry = require_machine(context_, id);
  MachineRecord record = entry.record;
  restore_snapshot(record, target, layers, present, std::chrono::system_clock::now());
  const std::vector<std::string> left = abandoned(entry.record, record);
  for (const std::string& volume : left) run.undo("drop_volume", fmt::format("{}/{}", id, volume));
  const model::Status rest = record.rest_status;
  context_.machines.change(entry, std::move(record));
  context_.machines.observe(entry, rest);
  co_await sync_store();
  co_await finish_restore(id, present);
  for (const std::string& volume : left) drop_volume(id, volume);
}

/// Everything that must take its place besides the disks, ready to be moved there: that cannot fail for want of space any more.
Awaitable<> Snapshots::stage(const std::string& id, const SnapshotRecord& snapshot, std::filesystem::path place) const {
  const std::filesystem::path from = folder(id, snapshot.id);
  const std::filesystem::path saved = place / context_.paths.machine_saved(id).filename();
  const std::function<void()> work = [from, place, saved, names = context_.hypervisor.guest_state(),
                                      memory = snapshot.memory_spec.has_value()] {
    os::make_directories(place);
    // A second name for the same file: it is only ever read, and stays in the snapshot when this name goes.
    if (memory) std::filesystem::create_hard_link(from / kSnapshotMemory, saved);
    copy_state(from, place, names);
  };
  co_await loop::run_blocking(work);
}

Awaitable<> Snapshots::finish_restore(std::string id, std::string present) {
  const std::filesystem::path place = staging(id, present);
  if (!std::filesystem::exists(place)) co_return;
  const MachineEntry* entry = context_.machines.find(id);
  const bool ours = entry != nullptr && entry->record.present == present;
  const bool memory = ours && entry->record.rest_status == model::Status::saved;
  const std::filesystem::path saved = context_.paths.machine_saved(id);
  std::vector<std::string> names = context_.hypervisor.guest_state();
  names.push_back(saved.filename());
  const std::function<void()> work = [place, saved, names, ours, memory, state = context_.paths.machine_state(id)] {
    // What the present had saved was part of it.
    if (ours && !memory) os::remove_tree(saved);
    if (ours) move_state(place, state, names);
    os::remove_tree(place);
  };
  co_await loop::run_blocking(work);
}

}  // namespace visor::engine
