// What a clone has in common with its source, and what it must have of its own.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/machine_record.h"

namespace visor::engine {

/// A machine that is still to be made.
struct CloneRecord {
  MachineRecord record;
  std::vector<std::pair<std::string, std::string>> macs;  ///< the source's, and what the clone has instead
};

/// The record of a clone: id, addresses of adapters and volumes are new. Fixed ports of the host become free ones, and protections
/// are left behind (a template is protected from being started, its clones are not).
CloneRecord clone_record(const MachineRecord& source, const std::string& name, const std::optional<std::string>& description);

/// What a clone of this machine does not share with it, or shares although one might not expect it: sentences for the task's log.
std::vector<std::string> clone_notes(const MachineRecord& source);

/// Throws Error{conflict, "clone.user_file"} for a disk in a file of the user that may be written: only its owner can say where a
/// copy of it should lie. What is only read is shared.
void require_copyable(const MachineRecord& source);

}  // namespace visor::engine
