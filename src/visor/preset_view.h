// What a system's preset chooses, for people.
#pragma once

#include <vector>

#include "model/operating_system.h"
#include "visor/table.h"

namespace visor::cli {

/// One line per choice: the setting, its value, and why.
void add_preset(const std::vector<model::PresetChoice>& preset, Details& details);

}  // namespace visor::cli
