#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

constexpr std::size_t kLargestInput = std::size_t{16} << 20U;
constexpr int kSignalBase = 128;

Awaitable<int> exec(Context& context, const Arguments& arguments) {
  model::ExecRequest request;
  request.command = arguments.rest;
  if (request.command.empty()) throw usage_error("`visor exec` needs a command after `--`.", "exec");
  request.environment = arguments.all("env");
  for (const std::string& variable : request.environment) {
    if (variable.find('=') == std::string::npos || variable.front() == '=') {
      throw usage_error(fmt::format("--env '{}' is not of the form NAME=VALUE.", text::printable(variable)), "exec");
    }
  }
  if (context.globals.timeout) request.timeout_seconds = static_cast<std::uint32_t>(context.globals.timeout->count());
  if (!arguments.has("no-stdin") && !is_terminal(STDIN_FILENO))
    request.input = text::base64_encode(read_standard_input(kLargestInput));
  const model::ExecResult result = co_await context.api().exec(arguments.get("NAME"), std::move(request));
  write_standard_output(text::base64_decode(result.stdout_));
  os::write_all(STDERR_FILENO, text::base64_decode(result.stderr_));
  if (result.truncated) context.out.note("visor: the output was too long and has been cut.");
  co_return result.signal ? kSignalBase + *result.signal : result.exit_code;
}

}  // namespace

std::vector<Command> exec_commands() {
  return {{.name = "exec",
           .group = "Enter a machine",
           .summary = "Run a command in the guest through the guest agent.",
           .description =
               "The command gets this program's standard input when that is not a terminal. Its output, its error output and its "
               "exit code are passed on (128 and the signal's number when a signal ended it). No shell is involved; use "
               "`-- sh -c '...'` for one. It is ended after --timeout (default 60s).",
           .positionals = {{"NAME", "The machine.", Completes::machines}},
           .options = {{.names = "-e,--env", .value = "NAME=VALUE", .help = "A variable of its environment.", .repeats = true},
                       {.names = "-n,--no-stdin", .help = "Do not read standard input."}},
           .examples = {{"visor exec hello -- uname -a", "one command"},
                        {"visor exec hello -- sh -c 'cat > /tmp/x' < x", "with input"},
                        {"visor exec hello --timeout 10m -e DEBIAN_FRONTEND=noninteractive -- apt-get -y upgrade", "a long one"}},
           .rest = "COMMAND...",
           .run = exec}};
}

}  // namespace visor::cli
