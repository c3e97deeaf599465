#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/help.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

Awaitable<int> help(Context& context, const Arguments& arguments) {
  const std::vector<std::string> words = arguments.all("COMMAND");
  const std::size_t width = context.out.canvas().width > 0 ? context.out.canvas().width : 100;
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command != nullptr && used == words.size()) {
    context.out.print(command_help(*command, width));
    co_return kExitOk;
  }
  std::string prefix;
  for (const std::string& word : words) prefix += (prefix.empty() ? "" : " ") + word;
  const auto& all = all_commands();
  const bool known = prefix.empty() ||
                     std::any_of(all.begin(), all.end(), [&](const Command& one) { return one.name.starts_with(prefix + " "); });
  if (!known) throw usage_error(fmt::format("There is no command '{}'.", text::printable(prefix)));
  context.out.print(overview(prefix, width));
  co_return kExitOk;
}

Awaitable<int> version(Context& context, const Arguments& /*arguments*/) {
  std::string daemon;
  std::string problem;
  try {
    client::Request request;
    request.target = "/api/v1";
    request.timeout = std::chrono::seconds(2);
    const boost::json::value answer = co_await context.api().connection().call(std::move(request));
    const boost::json::object* object = answer.if_object();
    const boost::json::value* found = object != nullptr ? object->if_contains("version") : nullptr;
    if (found != nullptr && found->is_string()) daemon = std::string(found->get_string());
  } catch (const Error& error) {
    problem = error.what();
  }
  const boost::json::value data = {{"visor", VISOR_VERSION},
                                   {"visord", daemon.empty() ? boost::json::value(nullptr) : boost::json::value(daemon)}};
  Details details;
  details.add("visor", VISOR_VERSION);
  details.add("visord", daemon.empty() ? "unknown: " + problem : daemon);
  context.out.show(data, details);
  co_return kExitOk;
}

Awaitable<int> man(Context& context, const Arguments& arguments) {
  const std::filesystem::path directory = arguments.get("DIRECTORY");
  os::make_directories(directory, 0755);
  os::replace_file(directory / "visor.1", man_overview(), 0644);
  std::size_t count = 1;
  for (const Command& command : all_commands()) {
    if (command.group.empty()) continue;
    std::string name = "visor-" + command.name + ".1";
    std::replace(name.begin(), name.end(), ' ', '-');
    os::replace_file(directory / name, man_page(command), 0644);
    ++count;
  }
  context.out.say(fmt::format("Wrote {} man pages to {}.", count, directory.native()));
  co_return kExitOk;
}

Awaitable<int> markdown(Context& context, const Arguments& /*arguments*/) {
  context.out.print(markdown_reference());
  co_return kExitOk;
}

Awaitable<int> settings(Context& context, const Arguments& /*arguments*/) {
  context.out.print(settings_reference());
  co_return kExitOk;
}

}  // namespace

std::vector<Command> help_commands() {
  return {
      {.name = "version",
       .group = "Help",
       .summary = "Show the versions of this program and of the daemon.",
       .examples = {{"visor version", "both"}},
       .run = version},
      {.name = "help",
       .group = "Help",
       .summary = "List the commands, or show one.",
       .positionals = {{"COMMAND", "The command.", Completes::commands, false, true}},
       .examples = {{"visor help", "all commands"},
                    {"visor help image", "a group of them"},
                    {"visor help create", "one with its options"}},
       .run = help},
      {.name = "__man", .group = {}, .summary = "Write the man pages.", .positionals = {{"DIRECTORY", "Where to."}}, .run = man},
      {.name = "__markdown", .group = {}, .summary = "Print docs/commands.md.", .run = markdown},
      {.name = "__settings", .group = {}, .summary = "Print docs/settings.md.", .run = settings},
  };
}

}  // namespace visor::cli
