// What all work on the disks of a machine asks first.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/context.h"

namespace visor::engine {

/// Undo: removes a volume (its file name) unless a machine has it. Registered by MachineDisks.
constexpr const char* kRemoveUnusedVolume = "remove_unused_volume";

/// Throws Error `disk.not_found`.
const model::Disk& require_disk(const MachineEntry& entry, const std::string& disk_id);
/// The same in settings that are being changed.
model::Disk& disk_in(model::MachineSpec& spec, const std::string& disk_id);
/// Throws Error `machine.saved`: the saved guest goes on with exactly the disks that it had.
void require_not_saved(const MachineEntry& entry);

/// A task on a disk of this machine; it waits for the machine's other tasks. `verb`: "add-disk".
TaskDescription describe_disk_task(const MachineEntry& entry, const std::string& verb, std::string title,
                                   std::vector<std::string> steps);

/// What holds the disk: its volume, or the file of the user.
std::filesystem::path file_of(const Context& context, const model::Disk& disk);
/// A file name that no volume has yet and no machine wants.
std::string new_volume_name(const Context& context, const std::string& machine_id, const model::Disk& disk);
/// Whether a machine has this volume, by its settings, by its process or by one of its snapshots.
bool volume_is_used(const Context& context, const std::string& volume);

}  // namespace visor::engine
