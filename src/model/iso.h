// Discs: ISO files that Visor keeps and machines read in their drives.
#pragma once

#include <boost/describe.hpp>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace visor::model {

/// A disc of Visor's own, in its folder of discs.
struct Iso {
  std::string name;  ///< the name of its file, without ".iso"
  std::string path;  ///< absolute, on the host
  Bytes size;
  WallTime created;
  std::vector<std::string> used_by;  ///< machines that have it in a drive, now or in a snapshot
};
BOOST_DESCRIBE_STRUCT(Iso, (), (name, path, size, created, used_by))

/// A disc to be written with what is in a folder.
struct IsoRequest {
  std::string folder;   ///< absolute, on the host that visord runs on
  std::string name;     ///< empty: that of the folder, with a number when it is taken
  std::string label;    ///< what the guest calls the disc, at most 32 characters; empty: the disc's name
  std::string machine;  ///< whose drive gets it when it is written; empty: none
  std::string drive;    ///< empty: the only one of that machine
};
BOOST_DESCRIBE_STRUCT(IsoRequest, (), (folder, name, label, machine, drive))

}  // namespace visor::model
