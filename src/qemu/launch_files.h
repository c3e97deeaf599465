// The descriptors of one start, opened by the daemon and closed again once QEMU has them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "os/fd.h"
#include "os/landlock.h"
#include "qemu/folder_server.h"
#include "qemu/plan.h"

namespace visor::qemu {

class LaunchFiles {
 public:
  /// Opens everything of the plan, and chooses the address of its vsock. Throws the errors of open_planned(), open_share() and
  /// open_vsock().
  static LaunchFiles open(const hypervisor::MachineDefinition& definition, Plan& plan, bool other_user);

  /// {ours, theirs} for os::Command.
  std::vector<std::pair<int, int>> descriptors() const;
  /// Files that QEMU opens once more by /proc/self/fd: what its box must let it read.
  const std::vector<std::filesystem::path>& reopened() const { return reopened_; }
  /// The shared folders, as the daemon holds them.
  const std::vector<os::SharedFolder>& shares() const { return shares_; }
  /// What the servers of virtiofs get.
  const std::vector<ServedFolder>& served() const { return served_; }
  /// The TPM's end of its socket pair; empty without TPM.
  const os::Fd& tpm_end() const { return tpm_end_; }

 private:
  void add(os::Fd fd, int number) { files_.emplace_back(std::move(fd), number); }
  void add_shares(const hypervisor::MachineDefinition& definition, const Plan& plan);
  void add_served(const hypervisor::MachineDefinition& definition, const Plan& plan, std::size_t share);
  void add_boot_file(const std::filesystem::path& path, int number, bool other_user, const char* field);

  std::vector<std::pair<os::Fd, int>> files_;
  std::vector<std::filesystem::path> reopened_;
  std::vector<os::SharedFolder> shares_;
  std::vector<ServedFolder> served_;
  os::Fd tpm_end_;
};

}  // namespace visor::qemu
