#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "os/process.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/ssh.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

/// ssh takes the place of this program: it gets the terminal, the signals and the exit code without anything in between.
[[noreturn]] void become(const std::filesystem::path& program, std::vector<std::string> words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw system_error("start " + program.native(), errno);
}

Awaitable<int> shell(Context& context, const Arguments& arguments) {
  const model::SshAccess access = co_await context.api().ssh(arguments.get("NAME"));
  SshOptions options;
  options.user = arguments.get("user");
  options.extra = arguments.all("ssh-option");
  options.command = arguments.rest;
  options.terminal = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  const std::vector<std::string> words = ssh_arguments(access, options);
  if (arguments.has("print")) {
    context.out.print(shell_quoted(words) + "\n");
    co_return kExitOk;
  }
  const auto program = os::find_program("ssh");
  if (!program) {
    throw Error(ErrorKind::unsupported, "host.program_missing", "The program 'ssh' is not installed.",
                "Install openssh-client, or use `visor console`.");
  }
  become(*program, words);
}

}  // namespace

std::vector<Command> shell_commands() {
  return {{.name = "shell",
           .group = "Enter a machine",
           .summary = "Open a shell in the guest over SSH, or run one command there.",
           .description = "Address, key and host key are Visor's business. What follows `--` is run by the guest's shell.",
           .positionals = {{"NAME", "The machine.", Completes::machines}},
           .options = {{.names = "--user", .value = "USER", .help = "Log in as this user."},
                       {.names = "-o,--ssh-option",
                        .value = "OPTION",
                        .help = "An option of ssh, as in ssh_config(5): ForwardAgent=yes.",
                        .repeats = true},
                       {.names = "--print", .help = "Only print the ssh command."}},
           .examples = {{"visor shell hello", "a shell"},
                        {"visor shell hello -- sudo apt-get update", "one command; its exit code is passed on"},
                        {"visor shell hello -o ForwardAgent=yes", "with your own keys"}},
           .rest = "COMMAND...",
           .run = shell}};
}

}  // namespace visor::cli
