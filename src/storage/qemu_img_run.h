// One run of qemu-img in its box, and how its failures are told. For the qemu_img_*.cpp files alone.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "loop/awaitable.h"
#include "loop/process.h"
#include "storage/qemu_img.h"

namespace visor::storage {

/// One run and its walls.
struct QemuImgRun {
  std::vector<std::string> arguments;
  Bytes memory;
  std::chrono::seconds cpu_time{60};
  std::chrono::seconds timeout{60};
  std::vector<int> sources = {};                     ///< descriptors of the layers, the top one first: see json_name()
  bool writes_source = false;                        ///< the first of them
  std::vector<std::filesystem::path> readable = {};  ///< files that it opens by name
  std::filesystem::path writable = {};               ///< the one directory (or file) for output; empty: none
  std::optional<Bytes> file_size = {};
  std::function<void(const std::string&)> on_line = {};
};

/// The disk as an argument; its layers are the descriptors of the run.
std::string json_name(const OpenDisk& disk);
std::vector<int> descriptors_of(const OpenDisk& disk);

Awaitable<loop::CommandResult> run_boxed(const QemuImgRun& run);
/// A run that only looks: quick, small, and its time-out means that something is wrong with the file.
Awaitable<loop::CommandResult> look(const OpenDisk& disk, const QemuImgRun& run);

/// What qemu-img says without the parts that only we understand: "qemu-img: Could not open 'json:...': REASON" -> "REASON".
std::string reason(const loop::CommandResult& result);
/// Whether the time or memory of its box has ended it.
bool out_of_time(const loop::CommandResult& result);
/// Whether data beyond the end of the file is missing.
bool says_cut(const loop::CommandResult& result);
/// Why a file cannot be read at all.
Error refused(const OpenDisk& disk, const loop::CommandResult& result);
/// Throws `image.in_use` when somebody has the lock.
void throw_if_in_use(const std::string& name, const loop::CommandResult& result);

}  // namespace visor::storage
