// The difference of two specs, setting by setting.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/machine.h"

namespace visor::engine {

/// One setting with different values. `key` is the name in the settings table ("disks[].readOnly"), `field` the place
/// ("disks[0].readOnly").
struct Difference {
  std::string field;
  std::string key;
  boost::json::value from;
  boost::json::value to;
};

/// All settings in which two JSON forms of a spec differ. A list that changes its length is one difference.
std::vector<Difference> differences(const boost::json::value& from, const boost::json::value& to);

/// What of `wanted` waits for the next start of a machine that runs with `running`. Settings that have no meaning for the
/// running machine (protection) and values that were only chosen at start (a port left to chance) are not pending. `why`: the
/// reason for the setting of a key.
std::vector<model::PendingChange> pending_changes(const model::MachineSpec& running, const model::MachineSpec& wanted,
                                                  const std::function<std::string(const std::string& key)>& why);

}  // namespace visor::engine
