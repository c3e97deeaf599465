// What this host's QEMU refuses in a specification, with reasons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"
#include "qemu/accelerator_probe.h"
#include "qemu/capabilities.h"

namespace visor::qemu {

/// What there is for one architecture.
struct HostFacts {
  Capabilities capabilities;
  AcceleratorReport accelerators;
  bool has_firmware = false;
  std::string nested_feature;             ///< how the host's KVM offers virtualization: "vmx", "svm"; empty: not at all
  std::vector<std::uint32_t> processors;  ///< of the host, that visord may use
};

/// The accelerator that the spec gets: its own wish, or the best usable one.
std::string resolve_accelerator(const model::MachineSpec& spec, const AcceleratorReport& report);
/// The versioned machine type that the spec gets, or nothing when there is none.
const MachineType* resolve_machine(const model::MachineSpec& spec, const Capabilities& capabilities);

/// Notes everything that cannot run; the fields are below "spec".
void check_for_qemu(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation);

}  // namespace visor::qemu
