// A machine as it is kept in the store: what the user wants and the facts that no process can be asked for any more.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/snapshot_record.h"
#include "model/machine.h"

namespace visor::engine {

struct MachineRecord {
  std::string id;
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string group;
  WallTime created;
  std::uint64_t revision = 1;
  model::MachineSpec spec;
  std::string image;     ///< name of the image that its first disk stands on; empty: none
  std::string ssh_user;  ///< the user that cloud-init makes; empty: no seed
  /// How it came to rest: stopped, saved or crashed, with reason and time. While a process exists that process is asked.
  model::Status rest_status = model::Status::stopped;
  std::string rest_reason;
  WallTime rest_since;
  /// While it is saved: what it ran with. Only a machine of exactly this kind can continue from the saved state.
  std::optional<model::MachineSpec> saved_spec;
  std::vector<SnapshotRecord> snapshots;
  std::string snapshot;                        ///< id of the one that the present stands on; empty: none
  std::string present;                         ///< names the layers that a snapshot or a restore made for it
  WallTime present_since;                      ///< when that was
  std::optional<UnsettledSnapshot> unsettled;  ///< of a machine that runs or ran: whether it writes to these is to be found out
};
BOOST_DESCRIBE_STRUCT(MachineRecord, (),
                      (id, name, description, tags, group, created, revision, spec, image, ssh_user, rest_status, rest_reason,
                       rest_since, saved_spec, snapshots, snapshot, present, present_since, unsettled))

}  // namespace visor::engine
