// Copies of machines: clones, images made of machines, and the files that hold their disks.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::model {

/// Body of POST /machines/{name}/actions/clone.
struct CloneRequest {
  std::string name;         ///< of the new machine; of several: NAME-1, NAME-2, ...
  std::uint32_t count = 1;  ///< all are made, or none
  bool start = false;
  std::optional<std::string> description;  ///< nothing: that of the source
};
BOOST_DESCRIBE_STRUCT(CloneRequest, (), (name, count, start, description))

/// Body of POST /machines/{name}/actions/publish.
struct PublishRequest {
  std::string name;  ///< of the new image
  std::string description;
  bool compress = false;
};
BOOST_DESCRIBE_STRUCT(PublishRequest, (), (name, description, compress))

/// A file below volumes. Paths are relative to the state directory.
struct Volume {
  std::string name;
  DiskFormat format = DiskFormat::raw;
  Bytes virtual_size;
  Bytes used;                        ///< bytes of the host that it occupies
  std::string machine;               ///< whose disk it is a part of; empty: no machine's
  std::string disk;                  ///< id of that disk
  std::string stands_on;             ///< the next file of its chain; empty: none
  std::vector<std::string> held_by;  ///< files below volumes that stand on it
  bool orphan = false;               ///< nothing needs it
  std::string problem;               ///< why it could not be looked at; empty: it could
};
BOOST_DESCRIBE_STRUCT(Volume, (), (name, format, virtual_size, used, machine, disk, stands_on, held_by, orphan, problem))

}  // namespace visor::model
