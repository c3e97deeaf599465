#include <boost/asio/awaitable.hpp>

#include <cstdlib>

#include "base/json.h"
#include "base/text.h"
#include "loop/process.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

bool has_desktop() {
  for (const char* name : {"WAYLAND_DISPLAY", "DISPLAY"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

/// Hands the address to the desktop's browser; says whether that went well.
Awaitable<bool> open_browser(std::string url) {
  if (!has_desktop() || !os::find_program("xdg-open")) co_return false;
  os::Command command;
  command.program = "xdg-open";
  command.arguments = {url};
  command.inherit_environment = true;
  command.box.no_new_privileges = false;
  bool opened = false;
  try {
    const loop::CommandResult result =
        co_await loop::run_command(std::move(command), {.timeout = std::chrono::seconds(10), .input = {}});
    opened = result.status.success();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the address is printed then
  }
  co_return opened;
}

Awaitable<int> web(Context& context, const Arguments& arguments) {
  const client::LoginLink link = co_await context.api().login_link();
  if (!context.out.is_table()) {
    context.out.show(json::to_json(link));
    co_return kExitOk;
  }
  const bool opened = !arguments.has("print") && co_await open_browser(link.url);
  if (opened) {
    context.out.say("Opened the page in your browser.");
  } else {
    context.out.print(text::printable(link.url) + "\n");
    context.out.note("The link logs in once, within ten minutes.");
  }
  co_return kExitOk;
}

}  // namespace

std::vector<Command> web_commands() {
  return {{.name = "web",
           .group = "Host",
           .summary = "Open the web page, logged in.",
           .options = {{.names = "--print", .help = "Only print the one-time link."}},
           .examples = {{"visor web", "in the desktop's browser"},
                        {"ssh host visor web --print", "from elsewhere, with `ssh -L 7077:127.0.0.1:7077 host`"}},
           .run = web}};
}

}  // namespace visor::cli
