// Builds a real Debian from the host's own apt sources, without root.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/image.h"

namespace visor::deploy {

/// What can be built by name.
std::vector<model::BuildableImage> buildable_images();

/// How a build tells what it does. All are called on the loop's thread.
struct BuildObserver {
  std::function<void(const std::string& title)> step;
  std::function<void(double fraction, const std::string& detail)> progress;
  std::function<void(const std::string& line)> log;
};

/// The titles of the steps, in order, for announcing them.
std::vector<std::string> build_steps();

struct BuiltImage {
  std::filesystem::path disk;    ///< qcow2, below the directory that was given
  std::filesystem::path kernel;  ///< for direct kernel boot
  std::filesystem::path initrd;
  Bytes virtual_size;
  model::Os os;
};

/// Builds `name` into `directory` (exists, empty, belongs to the caller, who removes it when this throws). Cancelling ends all
/// child processes. Errors: `image.unknown_recipe`, `image.build_tool_missing` (hint: the apt-get command), `image.build_failed`,
/// `host.no_space`.
Awaitable<BuiltImage> build_image(std::string name, model::Arch architecture, std::filesystem::path directory,
                                  BuildObserver observer);

/// Removes what a build that was cut off (a killed daemon) has left below `directory`, and the directory: its files may
/// belong to ids of a user namespace, which an ordinary user cannot delete.
Awaitable<> remove_unfinished_build(std::filesystem::path directory);

}  // namespace visor::deploy
