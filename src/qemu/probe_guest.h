// The tiny guests that show whether an accelerator really runs code.
#pragma once

#include <string>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::qemu {

/// What the x86 guest writes to the debug exit port; QEMU then exits with (code << 1) | 1.
inline constexpr int kProbeExitCode = (0x20 << 1) | 1;
/// What the ARM guest prints on its serial port before it switches itself off.
inline constexpr char kProbeMark = 'V';

/// x86_64: a disk of 1 MiB whose boot sector the BIOS loads; aarch64: a raw kernel.
/// Both do what stock guests need and what half an accelerator gets wrong: mode switches with paging, an instruction that
/// leaves the guest (CPUID, MIDR) a thousand times, a timer that must go on, and vector arithmetic.
std::string probe_guest(model::Arch arch);

}  // namespace visor::qemu
