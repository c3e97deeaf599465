// What clients ask of the disks of a machine.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::model {

struct ResizeRequest {
  Bytes size;  ///< that the guest sees from now on; never less than now
};
BOOST_DESCRIBE_STRUCT(ResizeRequest, (), (size))

struct MediumRequest {
  std::string file;  ///< absolute path of the disc's image on the host; empty: the drive is emptied
};
BOOST_DESCRIBE_STRUCT(MediumRequest, (), (file))

struct DiskCheckRequest {
  bool repair = false;  ///< also repair what is found; the machine must be off
};
BOOST_DESCRIBE_STRUCT(DiskCheckRequest, (), (repair))

/// What the tables of the files of a disk say about it.
struct DiskCheck {
  std::uint64_t files = 0;   ///< that have tables; a raw disk has none, and nothing that could be checked
  std::uint64_t errors = 0;  ///< what is wrong and may lose data
  std::uint64_t leaks = 0;   ///< clusters that are taken and used by nobody: harmless, but for their space
  std::uint64_t repaired_errors = 0;
  std::uint64_t repaired_leaks = 0;
};
BOOST_DESCRIBE_STRUCT(DiskCheck, (), (files, errors, leaks, repaired_errors, repaired_leaks))

struct ConvertRequest {
  DiskFormat format = DiskFormat::qcow2;  ///< qcow2 or raw
};
BOOST_DESCRIBE_STRUCT(ConvertRequest, (), (format))

/// What became of a disk that was written anew.
struct DiskRewrite {
  DiskFormat format = DiskFormat::qcow2;
  Bytes before;  ///< of the host that its file took up
  Bytes after;
};
BOOST_DESCRIBE_STRUCT(DiskRewrite, (), (format, before, after))

}  // namespace visor::model
