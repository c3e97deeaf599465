// What this host's QEMU refuses in a specification, with reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "host/memory_encryption.h"
#include "model/machine_spec.h"
#include "qemu/accelerator_probe.h"
#include "qemu/capabilities.h"

namespace visor::qemu {

/// What there is for one architecture.
struct HostFacts {
  Capabilities capabilities;
  AcceleratorReport accelerators;
  bool has_firmware = false;
  bool has_secure_firmware = false;  ///< for every kind of Secure Boot
  bool has_tpm_program = false;
  bool has_network_boot = true;                ///< the programs with which network cards boot (option ROMs)
  std::string nested_feature;                  ///< how the host's KVM offers virtualization: "vmx", "svm"; empty: not at all
  std::vector<std::uint32_t> processors;       ///< of the host, that visord may use
  std::string no_control_groups;               ///< why machines have no control groups; empty: they have
  bool can_set_apart = false;                  ///< processors can be taken from everything else
  std::vector<Bytes> huge_page_sizes;          ///< that the processor has
  std::vector<std::uint32_t> memory_nodes{0};  ///< of the host
  std::optional<Bytes> lockable;               ///< how much memory may be locked; nothing: any amount
  std::string no_core_scheduling;              ///< why there is no core scheduling; empty: there is
  std::string no_frequency_hints;              ///< why the host takes no hints about frequencies; empty: it does
  std::string no_energy;                       ///< why its processors take no energy preference; empty: they do
  std::vector<std::string> energy_values;      ///< the preferences that they take
  std::string no_shares;                       ///< why no folder can be shared; empty: some can
  std::string no_virtiofs;                     ///< why no folder can be shared by virtiofs; empty: some can
  std::string no_virtiofs_read_only;           ///< why none of those can be read-only; empty: they can
  std::string no_vsock;                        ///< why there is no vsock; empty: there is
  std::string no_realtime;                     ///< why there is no realtime scheduling; empty: there is
  host::MemoryEncryption encryption;           ///< what the host has of it
  std::vector<std::string> roms;               ///< the encryptions that need firmware in memory and have it
};

/// The accelerator that the spec gets: its own wish, or the best usable one.
std::string resolve_accelerator(const model::MachineSpec& spec, const AcceleratorReport& report);
/// The versioned machine type that the spec gets, or nothing when there is none.
const MachineType* resolve_machine(const model::MachineSpec& spec, const Capabilities& capabilities);

/// Notes everything that cannot run; the fields are below "spec".
void check_for_qemu(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation);

}  // namespace visor::qemu
