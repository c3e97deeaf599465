// What POST /machines?dryRun=true and GET /os tell before anything is made.
#pragma once

#include <boost/describe.hpp>

#include <vector>

#include "model/machine.h"
#include "model/operating_system.h"

namespace visor::model {

struct MachinePreview {
  Machine machine;
  std::vector<PresetChoice> preset;  ///< what the system's preset decided, without what the request says otherwise
};
BOOST_DESCRIBE_STRUCT(MachinePreview, (), (machine, preset))

struct SystemPreset {
  OperatingSystem system;
  std::vector<PresetChoice> preset;  ///< for machines of the architecture x86_64
};
BOOST_DESCRIBE_STRUCT(SystemPreset, (), (system, preset))

}  // namespace visor::model
