// The processor models x86-64-v2, -v3 and -v4, which QEMU does not know by name: the levels of the x86-64 psABI (section 3.1.1).
#pragma once

#include <array>
#include <string>

namespace visor::qemu {

/// What systems that were built for a level may count on, the same on hosts of every make.
struct ProcessorLevel {
  std::string name;
  std::string features;   ///< of kLevelBase: ",name=on" for each
  bool emulated = false;  ///< QEMU can do it without KVM
};

/// The model of QEMU that levels stand on.
inline constexpr const char* kLevelBase = "qemu64";

/// Lowest first.
const std::array<ProcessorLevel, 3>& processor_levels();

/// Nothing when `model` is not the name of a level.
const ProcessorLevel* find_level(const std::string& model);

}  // namespace visor::qemu
