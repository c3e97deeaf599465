// Energy preferences that machines give the processors they have for themselves: set while they run, taken back when they end.
#pragma once

#include <filesystem>
#include <utility>

#include "model/machine_spec.h"

namespace visor::qemu {

/// What was found is noted in the machine's runtime directory before it is changed, so that a later daemon takes it back.
class EnergyPreferences {
 public:
  explicit EnergyPreferences(std::filesystem::path root) : root_(std::move(root)) {}

  /// Gives the processors that the machine has for itself what `cpu` says, and those that it no longer has what was found there.
  /// Each is as it was when it throws. Error{conflict, "host.energy_refused"}.
  void set(const model::Cpu& cpu, const std::filesystem::path& runtime_directory) const;
  /// Gives back what was found. Not to be able to is logged.
  void give_back(const std::filesystem::path& runtime_directory) const noexcept;

 private:
  std::filesystem::path root_;
};

}  // namespace visor::qemu
