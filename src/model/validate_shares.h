// Shared folders, as far as they can be judged without looking at the host.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

/// Notes tags that no guest could mount and paths that name no folder; `path` is that of the list.
void check_shares(const std::vector<Share>& shares, const std::string& path, Validation& validation);

/// Whether any folder is shared by virtiofs: another process then has the machine's memory, too.
bool has_virtiofs(const MachineSpec& spec);

/// Notes what a machine cannot do while it shares a folder by virtiofs; `path` is that of the specification.
void check_virtiofs(const MachineSpec& spec, const std::string& path, Validation& validation);

}  // namespace visor::model
