// What clients ask of the disks of a machine.
#pragma once

#include <boost/describe.hpp>

#include <string>

#include "base/bytes.h"

namespace visor::model {

struct ResizeRequest {
  Bytes size;  ///< that the guest sees from now on; never less than now
};
BOOST_DESCRIBE_STRUCT(ResizeRequest, (), (size))

struct MediumRequest {
  std::string file;  ///< absolute path of the disc's image on the host; empty: the drive is emptied
};
BOOST_DESCRIBE_STRUCT(MediumRequest, (), (file))

}  // namespace visor::model
