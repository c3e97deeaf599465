#include "engine/snapshot_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace visor::engine {
namespace {

std::vector<const SnapshotRecord*> children_of(const MachineRecord& record, const std::string& id) {
  std::vector<const SnapshotRecord*> children;
  for (const SnapshotRecord& snapshot : record.snapshots) {
    if (snapshot.parent == id) children.push_back(&snapshot);
  }
  std::stable_sort(children.begin(), children.end(),
                   [](const SnapshotRecord* a, const SnapshotRecord* b) { return a->created < b->created; });
  return children;
}

/// A snapshot whose parent is unknown (which no record of ours has) counts as a first one, so that none is ever hidden.
bool is_first(const MachineRecord& record, const SnapshotRecord& snapshot) {
  return snapshot.parent.empty() || snapshot_by_id(record, snapshot.parent) == nullptr;
}

}  // namespace

std::vector<Volume> volumes_of(const model::MachineSpec& spec) {
  std::vector<Volume> volumes;
  for (const model::Disk& disk : spec.disks) {
    if (!disk.volume.empty()) volumes.push_back({disk.volume, disk.format});
  }
  return volumes;
}

std::set<Volume> volumes_of(const MachineRecord& record) {
  std::set<Volume> volumes;
  const auto add = [&volumes](const model::MachineSpec& spec) {
    for (Volume& volume : volumes_of(spec)) volumes.insert(std::move(volume));
  };
  add(record.spec);
  if (record.saved_spec) add(*record.saved_spec);
  for (const SnapshotRecord& snapshot : record.snapshots) add(snapshot.spec);
  if (record.unsettled) {
    for (const LayerRecord& layer : record.unsettled->layers) volumes.insert({layer.volume, model::DiskFormat::qcow2});
  }
  return volumes;
}

bool uses_volume(const MachineRecord& record, const std::string& volume) {
  const std::set<Volume> volumes = volumes_of(record);
  return std::any_of(volumes.begin(), volumes.end(), [&](const Volume& one) { return one.name == volume; });
}

const SnapshotRecord* snapshot_named(const MachineRecord& record, const std::string& name) {
  const auto found = std::find_if(record.snapshots.begin(), record.snapshots.end(),
                                  [&](const SnapshotRecord& snapshot) { return snapshot.name == name; });
  return found == record.snapshots.end() ? nullptr : &*found;
}

const SnapshotRecord* snapshot_by_id(const MachineRecord& record, const std::string& id) {
  const auto found = std::find_if(record.snapshots.begin(), record.snapshots.end(),
                                  [&](const SnapshotRecord& snapshot) { return snapshot.id == id; });
  return found == record.snapshots.end() ? nullptr : &*found;
}

const SnapshotRecord& require_snapshot(const MachineRecord& record, const std::string& name) {
  if (const SnapshotRecord* found = snapshot_named(record, name)) return *found;
  throw Error(ErrorKind::not_found, "snapshot.not_found",
              fmt::format("The machine '{}' has no snapshot named '{}'.", record.name, text::printable(name.substr(0, 80))),
              fmt::format("`visor snapshot list {}` shows all of them.", record.name));
}

std::vector<const SnapshotRecord*> in_tree_order(const MachineRecord& record) {
  std::vector<const SnapshotRecord*> ordered;
  const std::function<void(const SnapshotRecord&)> add = [&](const SnapshotRecord& snapshot) {
    ordered.push_back(&snapshot);
    for (const SnapshotRecord* child : children_of(record, snapshot.id)) add(*child);
  };
  for (const SnapshotRecord& snapshot : record.snapshots) {
    if (is_first(record, snapshot)) add(snapshot);
  }
  return ordered;
}

std::vector<std::string> branch_of(const MachineRecord& record, const std::string& id) {
  std::vector<std::string> ids{id};
  for (std::size_t next = 0; next < ids.size(); ++next) {
    for (const SnapshotRecord* child : children_of(record, std::string(ids[next]))) ids.push_back(child->id);
  }
  return ids;
}

bool carries_present(const MachineRecord& record, const std::string& id) {
  const std::vector<std::string> branch = branch_of(record, id);
  return std::find(branch.begin(), branch.end(), record.snapshot) != branch.end();
}

std::string free_snapshot_name(const MachineRecord& record) {
  for (std::size_t number = record.snapshots.size() + 1;; ++number) {
    std::string name = fmt::format("snapshot-{}", number);
    if (snapshot_named(record, name) == nullptr) return name;
  }
}

std::vector<LayerRecord> plan_layers(const std::string& machine_id, const model::MachineSpec& spec, const std::string& present) {
  std::vector<LayerRecord> layers;
  for (const model::Disk& disk : spec.disks) {
    if (disk.volume.empty()) continue;
    layers.push_back({disk.id, fmt::format("{}-{}-{}.qcow2", machine_id, disk.id, present), disk.volume, disk.format});
  }
  return layers;
}

void put_on_layers(model::MachineSpec& spec, const std::vector<LayerRecord>& layers) {
  for (const LayerRecord& layer : layers) {
    for (model::Disk& disk : spec.disks) {
      if (disk.id != layer.disk || disk.volume != layer.base) continue;
      disk.volume = layer.volume;
      disk.format = model::DiskFormat::qcow2;
    }
  }
}

void add_snapshot(MachineRecord& record, const UnsettledSnapshot& made, WallTime now) {
  record.snapshots.push_back(made.snapshot);
  record.snapshot = made.snapshot.id;
  put_on_layers(record.spec, made.layers);
  record.present = made.present;
  record.present_since = now;
  record.unsettled.reset();
}

void restore_snapshot(MachineRecord& record, const SnapshotRecord& snapshot, const std::vector<LayerRecord>& layers,
                      const std::string& present, WallTime now) {
  if (snapshot.memory_spec) {
    const model::Protection protection = record.spec.protection;
    record.spec = snapshot.spec;
    // Who has protected the machine since has not asked for that to end.
    record.spec.protection = protection;
    record.saved_spec = snapshot.memory_spec;
    put_on_layers(*record.saved_spec, layers);
  } else {
    record.spec.disks = snapshot.spec.disks;
    record.saved_spec.reset();
  }
  put_on_layers(record.spec, layers);
  record.rest_status = snapshot.memory_spec ? model::Status::saved : model::Status::stopped;
  record.rest_reason.clear();
  record.snapshot = snapshot.id;
  record.present = present;
  record.present_since = now;
}

void drop_snapshots(MachineRecord& record, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const SnapshotRecord* gone = snapshot_by_id(record, id);
    if (gone == nullptr) continue;
    const std::string parent = gone->parent;
    for (SnapshotRecord& snapshot : record.snapshots) {
      if (snapshot.parent == id) snapshot.parent = parent;
    }
    if (record.snapshot == id) record.snapshot = parent;
    std::erase_if(record.snapshots, [&](const SnapshotRecord& snapshot) { return snapshot.id == id; });
  }
}

}  // namespace visor::engine
