// The descriptors of one start, opened by the daemon and closed again once QEMU has them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "os/fd.h"
#include "qemu/plan.h"

namespace visor::qemu {

class LaunchFiles {
 public:
  /// Opens everything of the plan. Throws the errors of open_planned().
  static LaunchFiles open(const hypervisor::MachineDefinition& definition, const Plan& plan, bool other_user);

  /// {ours, theirs} for os::Command.
  std::vector<std::pair<int, int>> descriptors() const;
  /// Files that QEMU opens once more by /proc/self/fd: what its box must let it read.
  const std::vector<std::filesystem::path>& reopened() const { return reopened_; }
  /// The TPM's end of its socket pair; empty without TPM.
  const os::Fd& tpm_end() const { return tpm_end_; }

 private:
  void add(os::Fd fd, int number) { files_.emplace_back(std::move(fd), number); }
  void add_boot_file(const std::filesystem::path& path, int number, bool other_user, const char* field);

  std::vector<std::pair<os::Fd, int>> files_;
  std::vector<std::filesystem::path> reopened_;
  os::Fd tpm_end_;
};

}  // namespace visor::qemu
