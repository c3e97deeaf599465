#include <boost/asio/awaitable.hpp>

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "base/log.h"
#include "visor/context.h"
#include "visor/help.h"
#include "visor/parse.h"
#include "visor/terminal.h"

namespace {

namespace cli = visor::cli;

int run_invocation(const cli::Invocation& invocation) {
  visor::loop::EventLoop loop;
  cli::Context context(loop, invocation.globals);
  int code = cli::kExitError;
  try {
    loop.run_until_done([&]() -> visor::Awaitable<> { code = co_await invocation.command->run(context, invocation.arguments); });
  } catch (const visor::Error& error) {
    context.out.complain(error);
    code = cli::exit_code(error);
  }
  return code;
}

int run(const std::vector<std::string>& arguments) {
  const cli::Invocation invocation = cli::parse(arguments);
  if (invocation.help) {
    const auto size = cli::terminal_size(STDOUT_FILENO);
    cli::write_standard_output(cli::command_help(*invocation.command, size ? size->columns : 100));
    return cli::kExitOk;
  }
  return run_invocation(invocation);
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  // Progress and messages belong to the commands; the libraries below speak up only about defects.
  visor::log::set_level(visor::log::Level::error);
  try {
    return run(arguments);
  } catch (const visor::Error& error) {
    cli::Output(cli::Globals()).complain(error);
    return cli::exit_code(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "visor: %s\n", error.what());
    return cli::kExitError;
  }
}
