// Which machine is bound to which processors of the host.
#pragma once

#include <string>
#include <vector>

#include "engine/machine_registry.h"
#include "host/pinning_planner.h"
#include "model/topology.h"

namespace visor::engine {

/// Every machine that is bound to any processor, by name.
std::vector<model::ProcessorOwner> processor_owners(const std::vector<MachineEntry*>& machines);

/// What machines that run have taken, but for the machine of that name. What QEMU itself may use besides is taken only where
/// nothing else may run.
std::vector<host::PinningClaim> pinning_claims(const std::vector<model::ProcessorOwner>& owners, const std::string& but);

}  // namespace visor::engine
