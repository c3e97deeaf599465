// The ssh command that enters a guest.
#pragma once

#include <string>
#include <vector>

#include "model/machine.h"

namespace visor::cli {

struct SshOptions {
  std::string user;                  ///< instead of the machine's own
  std::vector<std::string> extra;    ///< ssh_config(5) options
  std::vector<std::string> command;  ///< to run instead of a shell
  bool terminal = false;             ///< the command gets a terminal in the guest
};

/// argv of ssh, "ssh" included.
std::vector<std::string> ssh_arguments(const model::SshAccess& access, const SshOptions& options);

/// The words as one line that a POSIX shell takes apart into the same words.
std::string shell_quoted(const std::vector<std::string>& words);

}  // namespace visor::cli
