#include "engine/disk_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace visor::engine {

const model::Disk& require_disk(const MachineEntry& entry, const std::string& disk_id) {
  for (const model::Disk& disk : entry.record.spec.disks) {
    if (disk.id == disk_id) return disk;
  }
  throw Error(ErrorKind::not_found, "disk.not_found",
              fmt::format("The machine '{}' has no disk '{}'.", entry.record.name, text::printable(disk_id.substr(0, 80))),
              fmt::format("`visor disk list {}` shows its disks.", entry.record.name));
}

void require_not_saved(const MachineEntry& entry) {
  if (entry.status != model::Status::saved) return;
  throw Error(ErrorKind::conflict, "machine.saved",
              fmt::format("The machine '{}' is saved: its guest goes on with the disks that it had.", entry.record.name),
              "Start it first.");
}

model::Disk& disk_in(model::MachineSpec& spec, const std::string& disk_id) {
  const auto found =
      std::find_if(spec.disks.begin(), spec.disks.end(), [&](const model::Disk& disk) { return disk.id == disk_id; });
  if (found == spec.disks.end()) {
    throw Error(ErrorKind::not_found, "disk.not_found", fmt::format("The disk '{}' was removed meanwhile.", disk_id));
  }
  return *found;
}

TaskDescription describe_disk_task(const MachineEntry& entry, const std::string& verb, std::string title,
                                   std::vector<std::string> steps) {
  TaskDescription description;
  description.kind = "machine." + verb;
  description.title = std::move(title);
  description.subject = {"machine", entry.record.name};
  description.steps = std::move(steps);
  description.queue = entry.record.id;
  return description;
}

std::filesystem::path file_of(const Context& context, const model::Disk& disk) {
  return disk.volume.empty() ? std::filesystem::path(disk.file) : context.paths.volumes() / disk.volume;
}

std::string new_volume_name(const Context& context, const std::string& machine_id, const model::Disk& disk) {
  for (std::size_t number = 1;; ++number) {
    const std::string more = number == 1 ? "" : fmt::format("-{}", number);
    std::string name = fmt::format("{}-{}{}.{}", machine_id, disk.id, more, json::enum_name(disk.format));
    if (!std::filesystem::exists(context.paths.volumes() / name) && !volume_is_used(context, name)) return name;
  }
}

bool volume_is_used(const Context& context, const std::string& volume) {
  const auto has = [&](const model::MachineSpec& spec) {
    return std::any_of(spec.disks.begin(), spec.disks.end(), [&](const model::Disk& disk) { return disk.volume == volume; });
  };
  for (const MachineEntry* entry : context.machines.all()) {
    const model::MachineSpec* fixed = fixed_spec(*entry);
    if (has(entry->record.spec) || (fixed != nullptr && has(*fixed))) return true;
    const std::vector<SnapshotRecord>& snapshots = entry->record.snapshots;
    if (std::any_of(snapshots.begin(), snapshots.end(), [&](const SnapshotRecord& snapshot) { return has(snapshot.spec); })) {
      return true;
    }
  }
  return false;
}

}  // namespace visor::engine
