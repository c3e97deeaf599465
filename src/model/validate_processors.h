// The part of check_spec() that is about processors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

/// How many processors the machine can have at most while it runs.
std::uint32_t most_processors(const Cpu& cpu);

/// The topology with every 0 filled in; nothing when the wanted numbers do not make most_processors().
std::optional<CpuTopology> resolve_topology(const Cpu& cpu);

/// Notes what does not fit together; `path` is that of the section ("spec.cpu").
void check_processors(const MachineSpec& spec, const std::string& path, Validation& validation);

}  // namespace visor::model
