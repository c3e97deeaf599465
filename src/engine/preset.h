// Laying a system's preset below what a request says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/machine.h"
#include "model/operating_system.h"

namespace visor::engine {

/// The system that a request names in spec.os.id; empty when it names none.
std::string asked_system(const model::CreateRequest& request);
/// The architecture that a request asks for.
model::Arch asked_arch(const model::CreateRequest& request);

/// Writes the settings of `preset` into the JSON form of a spec; "disks[].bus" is left for apply_to_disks().
void apply_preset(const std::vector<model::PresetChoice>& preset, boost::json::value& spec);
/// Gives disks that are open about it the bus of the preset.
void apply_to_disks(const std::vector<model::PresetChoice>& preset, std::vector<model::Disk>& disks);
/// The size for a first disk when the request has no disk at all and no kernel of its own.
std::optional<Bytes> preset_disk_size(const std::vector<model::PresetChoice>& preset, const model::CreateRequest& request);
/// Those choices that the finished spec really has.
std::vector<model::PresetChoice> effective_choices(const std::vector<model::PresetChoice>& preset,
                                                   const model::MachineSpec& spec);

}  // namespace visor::engine
