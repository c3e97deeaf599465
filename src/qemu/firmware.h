// UEFI firmware images of this host.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hypervisor/hypervisor.h"
#include "qemu/plan.h"

namespace visor::qemu {

/// The firmware image for an architecture and the template of its variables, which holds the keys of Secure Boot, where Debian's
/// packages `ovmf` and `qemu-efi-aarch64` put them. `root` is put in front of the paths ("/" but in tests).
std::optional<Choices::Firmware> find_firmware(model::Arch arch, model::SecureBoot secure_boot,
                                               const std::filesystem::path& root = "/");

/// Firmware without variables, in one file: what a machine with this encryption has for flash. Empty: there is none on the host.
std::filesystem::path find_rom(const std::string& encryption, const std::filesystem::path& root = "/");

/// Whether a machine has firmware in flash: UEFI that is not replaced by a direct kernel, which starts faster without it.
bool wants_firmware(const model::MachineSpec& spec);

/// Whether network cards can boot: the option ROMs of the package `ipxe-qemu` are where QEMU looks for them.
bool has_network_boot(const std::filesystem::path& root = "/");

/// The Debian package that brings the firmware.
std::string firmware_package(model::Arch arch);

/// Makes the machine's own variables from the template at its first start. Holes stay holes: the ARM template is 64 MiB of
/// mostly nothing.
void ensure_variables(const std::filesystem::path& variables, const std::filesystem::path& variables_template);

}  // namespace visor::qemu
