// Host ports of the forwards of QEMU's user-mode network.
#pragma once

#include <string>
#include <vector>

#include "model/machine_spec.h"

namespace visor::qemu {

/// Puts a free host port where a forward says 0 and checks that the others are free, by binding each for a moment.
/// Error{conflict, "nic.port_in_use"} names the port. Throws `nic.bad_address` for a host address that is none of this host's.
void choose_ports(std::vector<std::vector<model::PortForward>>& forwards);

/// Whether QEMU failed because a forward could not be opened: somebody took the port between our look and QEMU's.
bool is_forward_failure(const std::vector<std::string>& log);

}  // namespace visor::qemu
