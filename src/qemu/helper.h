// Processes beside QEMU that belong to one machine: its TPM, and the servers of its shared folders. Each ends when QEMU does.
#pragma once

#include <optional>
#include <string>

#include "os/process.h"

namespace visor::qemu {

struct Helper {
  std::string tag;                     ///< of the shared folder that it serves; empty: it plays the TPM
  std::optional<os::Process> process;  ///< none: it has ended

  bool is_tpm() const { return tag.empty(); }
};

}  // namespace visor::qemu
