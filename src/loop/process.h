// Awaiting processes and blocking work.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "os/process.h"

namespace visor::loop {

/// Waits until a process has ended and collects its status. Cancelling the wait leaves the process alone.
Awaitable<os::ExitStatus> wait_exit(os::Process& process);

/// What a finished command left behind.
struct CommandResult {
  os::ExitStatus status;
  std::string output;  ///< standard output, cut at the limit
  std::string error;   ///< standard error, cut at the limit
};

struct CommandOptions {
  Duration timeout = std::chrono::seconds(60);
  Bytes output_limit = Bytes{std::uint64_t{4} << 20U};
  std::string input;                                     ///< fed to standard input
  std::function<void(const std::string&)> on_line = {};  ///< called with each line of both outputs as it comes
};

/// Runs a command to its end. `command.input/output/error` are set by this function. On time-out or cancellation the whole
/// process group is killed and collected before Error{timeout} or Error{cancelled} is thrown.
Awaitable<CommandResult> run_command(os::Command command, CommandOptions options);

/// run_command that throws Error{internal, code} with the last lines of standard error when the command fails.
Awaitable<CommandResult> run_checked(os::Command command, CommandOptions options, std::string code);

/// Runs blocking `work` (hashing, file copies) on a pool of threads and comes back to the loop. The work must not touch
/// state of the loop's thread.
Awaitable<> run_blocking(std::function<void()> work);

}  // namespace visor::loop
