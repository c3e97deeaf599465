// A sentence for each argument and step of a start.
#pragma once

#include "model/machine.h"

namespace visor::qemu {

/// Fills in every `why`.
void explain(model::CommandLine& line);

}  // namespace visor::qemu
