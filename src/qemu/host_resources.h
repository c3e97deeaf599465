// What the machines of one host share out among themselves.
#pragma once

#include <filesystem>
#include <string>

#include "qemu/control_groups.h"
#include "qemu/energy_preferences.h"
#include "qemu/huge_pages.h"

namespace visor::qemu {

struct HostResources {
  ControlGroups groups;
  HugePages huge_pages;
  EnergyPreferences energy{"/"};

  /// The machine has ended, or was never started: everyone may have what it held.
  void release(const std::string& id, const std::filesystem::path& runtime_directory) noexcept {
    groups.release(id);
    huge_pages.settle(id);
    huge_pages.give_back(runtime_directory);
    energy.give_back(runtime_directory);
  }
};

}  // namespace visor::qemu
