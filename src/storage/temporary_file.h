// New files appear under their name only when they are whole.
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace visor::storage {

/// A new file on its way to `target`. It is written in a directory of its own beside the target (so that a program in a box can be
/// given exactly that directory); what has not been published is deleted with this object.
class TemporaryFile {
 public:
  /// Throws Error `volume.exists` when `target` exists, `host.no_such_file` when its directory does not.
  explicit TemporaryFile(std::filesystem::path target);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// Where to write.
  std::filesystem::path path() const { return directory_ / "disk"; }
  /// Gives the file its mode, forces it to the disk and renames it to the target; never replaces anything. Blocks. Throws Error.
  void publish(mode_t mode);

  /// Deletes what a killed daemon left in `directory`.
  static void remove_leftovers(const std::filesystem::path& directory);

 private:
  std::filesystem::path target_;
  std::filesystem::path directory_;
};

}  // namespace visor::storage
