// Which folders of the host a machine may share.
#pragma once

#include <filesystem>
#include <vector>

namespace visor::qemu {

struct SharePolicy {
  /// Only folders in `allowed`. So it is for a visord that is root, which could open everybody's files for whoever has a token.
  bool restricted = false;
  std::vector<std::filesystem::path> allowed;
  /// Visor's own folders: no machine sees them, nor a folder that contains them.
  std::vector<std::filesystem::path> own;
};

}  // namespace visor::qemu
