// The security chip of a machine: a process of its own (swtpm) at the other end of a socket pair.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "model/machine.h"
#include "os/fd.h"
#include "os/process.h"
#include "qemu/launcher.h"
#include "qemu/plan.h"

namespace visor::qemu {

inline constexpr const char* kTpmProgram = "swtpm";
/// What its folder in a machine's state directory is called.
inline constexpr const char* kTpmFolder = "tpm";

/// The device by which a board reaches its TPM.
std::string tpm_driver(const std::string& chipset);

/// Where a machine's TPM keeps what it holds. Visor never empties it; it goes with the machine.
std::filesystem::path tpm_directory(const hypervisor::MachineDefinition& definition);

/// What start_tpm() does, for `visor explain`; nothing for a machine without TPM.
std::vector<model::ExplainedStep> tpm_steps(const model::MachineSpec& spec);

/// Starts the chip of a machine. `socket` is its end of the pair whose other end QEMU has: no other program can speak to it, and
/// it ends when QEMU does. It runs as `user`, may read the system's libraries and write its own directory, nothing else.
/// `before_exec`: see os::Process::spawn.
os::Process start_tpm(const hypervisor::MachineDefinition& definition, const Plan& plan, const os::Fd& socket,
                      const QemuUser& user, const os::Process::BeforeExec& before_exec);

}  // namespace visor::qemu
