// What memory a machine can have, apart from what a host can do.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

/// The bounds between which dynamic memory moves, with what 0 stands for worked out.
struct MemoryBounds {
  Bytes minimum;
  Bytes maximum;
};
MemoryBounds memory_bounds(const Memory& memory);

/// What the machine is started with, the most that its guest can ever have.
Bytes memory_at_start(const Memory& memory);

/// How much can be added to that while the guest runs.
Bytes addable_memory(const Memory& memory);

/// The size in bytes of a page size's name ("2MiB").
Bytes page_bytes(const std::string& page_size);

/// The processors of each node that the guest sees, shared out evenly: "0-1", "2-3".
std::vector<std::string> processors_of_nodes(const MachineSpec& spec);

/// Notes what does not fit together; `path` is that of the memory section.
void check_memory(const MachineSpec& spec, const std::string& path, Validation& validation);

}  // namespace visor::model
