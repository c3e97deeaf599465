// Memory that the processor keeps secret from the host (memory.encryption), and what cannot be had together with it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/machine_spec.h"

namespace visor::model {

/// Whether the guest's memory is encrypted at all.
bool is_encrypted(const Memory& memory);
/// Whether its registers are, too (SEV-ES and what came after it): nothing outside can restart its processors then.
bool has_secret_registers(const Memory& memory);
/// Whether its memory is not even mapped by QEMU (SEV-SNP and TDX; guest_memfd of KVM).
bool has_private_memory(const Memory& memory);
/// Whether KVM pins all of it, so that it counts as locked (SEV and SEV-ES; linux arch/x86/kvm/svm/sev.c, sev_pin_memory).
bool has_pinned_memory(const Memory& memory);

/// A setting ("memory.maximum"), or one value of it ("cpu.nested=on"), that cannot be had with this encryption, and why.
struct EncryptionLimit {
  std::string place;
  std::string reason;
  bool harmless = false;  ///< it merely has no effect, and may stay for later
};
/// Nothing for a machine without encryption.
std::vector<EncryptionLimit> encryption_limits(const Memory& memory);
/// Why this machine cannot have any encryption; empty: it can.
std::string no_encryption_reason(const MachineSpec& spec);

/// Notes what does not fit together; `path` is that of the specification.
void check_encryption(const MachineSpec& spec, const std::string& path, Validation& validation);

}  // namespace visor::model
