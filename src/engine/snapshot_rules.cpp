#include "engine/snapshot_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "model/encryption.h"
#include "model/validate.h"
#include "model/validate_shares.h"

namespace visor::engine {
namespace {

/// A machine on its way between two states, or one with a task, is asked again later.
void refuse_state(const MachineEntry& entry, const char* what) {
  const model::Status status = entry.status;
  if (status != model::Status::starting && status != model::Status::stopping) return;
  throw Error(ErrorKind::conflict, "machine.wrong_state",
              fmt::format("Cannot {} of a machine that is {}.", what, json::enum_name(status)), "Try again when it is through.");
}

/// Files of the user are never moved aside, so a snapshot could not keep what is on them.
void refuse_foreign_disks(const MachineRecord& record) {
  for (const model::Disk& disk : record.spec.disks) {
    if (disk.device != model::DiskDevice::disk || disk.file.empty() || disk.read_only) continue;
    throw Error(ErrorKind::conflict, "snapshot.foreign_disk",
                fmt::format("The disk '{}' is a file of yours ({}), of which Visor keeps no snapshots.", disk.id, disk.file),
                "Mark it as read-only, take it out, or import it as an image and make a machine of that.");
  }
}

void refuse_memory(const MachineEntry& entry) {
  if (!entry.running) {
    throw Error(ErrorKind::conflict, "snapshot.no_memory",
                fmt::format("The machine '{}' does not run: it has no memory to keep.", entry.record.name),
                "Leave the memory out.");
  }
  const model::MachineSpec& spec = entry.running->running_spec();
  if (model::is_encrypted(spec.memory) || model::has_virtiofs(spec)) {
    throw Error(
        ErrorKind::conflict, "machine.not_savable",
        model::is_encrypted(spec.memory)
            ? fmt::format("The memory of {} is encrypted, and so cannot be saved.", entry.record.name)
            : "The machine shares a folder by virtiofs, whose server's state no file can hold: it cannot be saved to disk.",
        "Make a snapshot without memory.");
  }
  const auto names = [](const model::MachineSpec& of) {
    std::set<Volume> all;
    for (const Volume& volume : volumes_of(of)) all.insert(volume);
    return all;
  };
  if (names(spec) == names(entry.record.spec)) return;
  throw Error(ErrorKind::conflict, "snapshot.disks_pending",
              fmt::format("The machine '{}' runs with other disks than its settings say.", entry.record.name),
              "Restart it first, or leave the memory out.");
}

std::set<std::string> disk_ids(const model::MachineSpec& spec) {
  std::set<std::string> ids;
  for (const model::Disk& disk : spec.disks) {
    if (!disk.volume.empty()) ids.insert(disk.id);
  }
  return ids;
}

}  // namespace

bool present_has_changed(const MachineEntry& entry) {
  const MachineRecord& record = entry.record;
  const SnapshotRecord* snapshot = snapshot_by_id(record, record.snapshot);
  if (snapshot == nullptr || entry.running || record.rest_since > record.present_since) return true;
  return disk_ids(record.spec) != disk_ids(snapshot->spec);
}

void require_free_name(const MachineRecord& record, const std::string& name) {
  if (snapshot_named(record, name) == nullptr) return;
  throw Error(ErrorKind::conflict, "snapshot.exists",
              fmt::format("The machine '{}' has a snapshot named '{}' already.", record.name, name), "Choose another name.");
}

void require_can_snapshot(const MachineEntry& entry, const model::SnapshotRequest& request) {
  Validation validation;
  if (!request.name.empty()) model::check_snapshot_name(request.name, "name", validation);
  model::check_text(request.note, model::kLongestSnapshotNote, "note", validation);
  validation.throw_if_failed("snapshot.invalid");
  refuse_state(entry, "make a snapshot");
  if (entry.status == model::Status::saved) {
    throw Error(ErrorKind::conflict, "machine.wrong_state", "Cannot make a snapshot of a machine that is saved.",
                "Start it: it goes on from its saved state. A snapshot with memory keeps as much.");
  }
  if (!request.name.empty()) require_free_name(entry.record, request.name);
  refuse_foreign_disks(entry.record);
  if (request.memory) refuse_memory(entry);
}

void require_can_restore(const MachineEntry& entry, const model::RestoreRequest& request) {
  refuse_state(entry, "replace the present");
  if (request.keep) require_can_snapshot(entry, {.name = request.keep_name});
  if (request.keep || request.discard || !present_has_changed(entry)) return;
  const SnapshotRecord* below = snapshot_by_id(entry.record, entry.record.snapshot);
  throw Error(ErrorKind::conflict, "snapshot.would_lose",
              below == nullptr
                  ? fmt::format("The present of '{}' is in no snapshot, and would be lost.", entry.record.name)
                  : fmt::format("What has changed in '{}' since '{}' would be lost.", entry.record.name, below->name),
              "Keep the present as a snapshot (--keep), or say that it may be lost (--yes; discard in the API).");
}

void require_can_remove(const MachineEntry& entry, const SnapshotRecord& snapshot, bool branch) {
  refuse_state(entry, "delete snapshots");
  if (!carries_present(entry.record, snapshot.id)) return;
  if (branch) {
    throw Error(ErrorKind::conflict, "snapshot.holds_present",
                fmt::format("The present of '{}' stands on the branch of '{}'.", entry.record.name, snapshot.name),
                "Go to a snapshot outside of it first, or delete its snapshots one by one: then the present keeps its data.");
  }
  if (!entry.running) return;
  throw Error(ErrorKind::conflict, "snapshot.in_use",
              fmt::format("The machine '{}' runs, and reads what is in '{}'.", entry.record.name, snapshot.name),
              "Shut it down first; what it needs of the snapshot is merged then.");
}

std::vector<hypervisor::NewLayer> new_layers(const model::InstancePaths& paths, const UnsettledSnapshot& open) {
  std::vector<hypervisor::NewLayer> layers;
  layers.reserve(open.layers.size());
  for (const LayerRecord& layer : open.layers) {
    layers.push_back(
        {layer.disk, paths.volumes() / layer.volume, layer.volume, fmt::format("layer-{}-{}", open.present, layers.size())});
  }
  return layers;
}

}  // namespace visor::engine
