// What the boxes of all programs that work on disks and discs have in common.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "loop/process.h"

namespace visor::storage {

/// What every program must be able to read to start at all.
std::vector<std::filesystem::path> system_files();

/// Time for work that touches all data: 5 MiB/s are slow enough for any disk that is still alive.
std::chrono::seconds time_for(Bytes size);

/// Whether the program has said these words on its error output.
bool says(const loop::CommandResult& result, std::string_view words);
/// Throws `host.no_space` when there was no room to write `name`.
void throw_if_full(const std::string& name, const loop::CommandResult& result);

}  // namespace visor::storage
