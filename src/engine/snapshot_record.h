// A snapshot as it is kept in the record of its machine.
#pragma once

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/machine_spec.h"

namespace visor::engine {

/// Its files besides the disks lie in a folder named by its id: firmware variables, TPM, memory, screen.
struct SnapshotRecord {
  std::string id;
  std::string name;
  std::string note;
  WallTime created;
  std::string parent;  ///< id of the snapshot that it was made on; empty: the first one
  bool running = false;
  bool quiet = false;
  bool screenshot = false;
  /// What the machine was to be. The volumes of its disks are the snapshot: nobody writes to them any more.
  model::MachineSpec spec;
  /// What it ran with, of one with memory: only a machine of exactly this kind can go on from there.
  std::optional<model::MachineSpec> memory_spec;
};
BOOST_DESCRIBE_STRUCT(SnapshotRecord, (), (id, name, note, created, parent, running, quiet, screenshot, spec, memory_spec))

/// A disk of the present that gets a new, empty layer.
struct LayerRecord {
  std::string disk;
  std::string volume;  ///< of the new layer; qcow2
  std::string base;    ///< the volume below it
  model::DiskFormat base_format = model::DiskFormat::qcow2;
};
BOOST_DESCRIBE_STRUCT(LayerRecord, (), (disk, volume, base, base_format))

/// A snapshot of which it is not known yet whether it has come to be. Noted before QEMU is told to write to the new layers, and
/// asked after when nobody has heard its answer.
struct UnsettledSnapshot {
  SnapshotRecord snapshot;
  std::string present;  ///< MachineRecord::present from then on
  std::vector<LayerRecord> layers;
  bool paused = false;  ///< the machine was, by its user
};
BOOST_DESCRIBE_STRUCT(UnsettledSnapshot, (), (snapshot, present, layers, paused))

}  // namespace visor::engine
