// What lies in the directory of volumes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::storage {

struct VolumeFile {
  std::string name;
  model::DiskFormat format = model::DiskFormat::raw;
  Bytes virtual_size;
  Bytes used;             ///< bytes of the host
  std::string stands_on;  ///< canonical path of the next file of its chain; empty: none
  std::string problem;    ///< why its header cannot be read; empty: it can
};

/// All files directly below `directory`, by name; those on their way (temporary directories) are none. Reads headers only, opens no
/// file that a header names. `formats` are those that a machine states; what a file looks like is believed only where nobody states
/// anything. Blocks; for the pool.
std::vector<VolumeFile> read_volume_files(const std::filesystem::path& directory,
                                          const std::map<std::string, model::DiskFormat>& formats);

}  // namespace visor::storage
