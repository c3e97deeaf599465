// The energy preference of the host's processors (Documentation/admin-guide/pm/intel_pstate.rst and amd-pstate.rst, EPP): whether
// they rather save energy or time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace visor::host {

/// The preference of a processor; nothing where it has none.
std::optional<std::string> energy_preference(const std::filesystem::path& root, std::uint32_t processor);

/// What it can be set to.
std::vector<std::string> energy_preferences(const std::filesystem::path& root, std::uint32_t processor);

/// Sets it and reads it back. Error{conflict, "host.energy_refused"} with the kernel's reason.
void set_energy_preference(const std::filesystem::path& root, std::uint32_t processor, const std::string& preference);

}  // namespace visor::host
