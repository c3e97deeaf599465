// Snapshots of a machine: what it was at a moment, to be gone back to. They form a tree.
#pragma once

#include <boost/describe.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"

namespace visor::model {

/// What a snapshot holds: what is on the disks, or also the memory, so that the machine goes on where it was.
BOOST_DEFINE_ENUM_CLASS(SnapshotKind, disks, memory)

/// One snapshot as it is shown.
struct Snapshot {
  std::string id;
  std::string name;
  std::string note;
  WallTime created;
  std::string parent;  ///< name of the snapshot it was made on; empty: the first one
  SnapshotKind kind = SnapshotKind::disks;
  bool running = false;     ///< the machine ran when it was made
  bool quiet = false;       ///< the guest had written everything to its disks, asked by its agent
  bool screenshot = false;  ///< there is a picture of the screen
  bool current = false;     ///< the present stands on it
  Bytes size;               ///< what its files occupy
  std::vector<std::string> disks;
  std::vector<std::string> left_out;  ///< disks and discs that are files of the user: only noted, not kept
};
BOOST_DESCRIBE_STRUCT(Snapshot, (),
                      (id, name, note, created, parent, kind, running, quiet, screenshot, current, size, disks, left_out))

/// All snapshots of a machine, every one behind the one that it was made on.
struct SnapshotTree {
  std::vector<Snapshot> snapshots;
  std::string current;   ///< name of the one that the present stands on; empty: none
  bool changed = false;  ///< the present may differ from that one, and is lost by a restore that keeps nothing
  Bytes size;            ///< of the present: what has been written since
};
BOOST_DESCRIBE_STRUCT(SnapshotTree, (), (snapshots, current, changed, size))

/// Body of POST /machines/{name}/snapshots.
struct SnapshotRequest {
  std::string name;  ///< empty: chosen
  std::string note;
  bool memory = false;  ///< also what is in the memory of a machine that runs
};
BOOST_DESCRIBE_STRUCT(SnapshotRequest, (), (name, note, memory))

/// Body of PATCH /machines/{name}/snapshots/{snapshot}; what is left out stays.
struct SnapshotChange {
  std::optional<std::string> name;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(SnapshotChange, (), (name, note))

/// Body of POST /machines/{name}/snapshots/{snapshot}/actions/restore.
struct RestoreRequest {
  bool discard = false;  ///< what has changed since the snapshot below the present may be lost
  bool keep = false;     ///< first makes a snapshot of the present
  std::string keep_name;
  bool start = true;  ///< a machine that ran is started again, one with memory goes on; false: it stays off
};
BOOST_DESCRIBE_STRUCT(RestoreRequest, (), (discard, keep, keep_name, start))

/// What deleting a snapshot does.
struct SnapshotRemoval {
  std::vector<std::string> snapshots;    ///< that go
  std::vector<std::string> merged_into;  ///< snapshots that get what they need of it
  bool present = false;                  ///< the present gets what it needs of it
  std::vector<std::string> removes;      ///< files and folders
  Bytes size;                            ///< of those
};
BOOST_DESCRIBE_STRUCT(SnapshotRemoval, (), (snapshots, merged_into, present, removes, size))

inline constexpr std::size_t kLongestSnapshotName = 80;
inline constexpr std::size_t kLongestSnapshotNote = 4096;

/// Refuses names that are empty, too long, or hard to type and tell apart: control characters, blanks at either end.
void check_snapshot_name(const std::string& name, const std::string& field, Validation& validation);

}  // namespace visor::model
