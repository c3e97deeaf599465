// Which settings suit a guest system.
#pragma once

#include <vector>

#include "model/operating_system.h"

namespace visor::model {

/// What a machine for `system` gets where its creator says nothing else, each with the reason; only what differs from the default
/// of the setting. Machines of other architectures than x86_64 get sizes only: they have no old boards.
std::vector<PresetChoice> preset_for(const OperatingSystem& system, Arch arch);

}  // namespace visor::model
