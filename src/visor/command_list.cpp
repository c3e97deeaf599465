#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/machine_view.h"

namespace visor::cli {
namespace {

Awaitable<int> list(Context& context, const Arguments& arguments) {
  std::vector<model::Machine> machines = co_await context.api().machines();
  const std::string state = arguments.get("state");
  const std::string tag = arguments.get("tag");
  std::erase_if(machines, [&](const model::Machine& machine) {
    const bool tagged = tag.empty() || std::find(machine.tags.begin(), machine.tags.end(), tag) != machine.tags.end();
    return !tagged || (!state.empty() && json::enum_name(machine.state.status) != state);
  });
  if (machines.empty() && context.out.is_table() && state.empty() && tag.empty()) {
    context.out.note("There is no machine yet; `visor launch debian/12 hello` makes one.");
    co_return kExitOk;
  }
  context.out.show(json::to_json(machines), machine_table(machines, std::chrono::system_clock::now()));
  co_return kExitOk;
}

Awaitable<int> info(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  context.out.show(json::to_json(machine), machine_details(machine, std::chrono::system_clock::now()));
  co_return kExitOk;
}

}  // namespace

std::vector<Command> list_commands() {
  return {
      {.name = "list",
       .group = "Machines",
       .summary = "List the machines with their state, load and addresses.",
       .options = {{.names = "--state",
                    .value = "STATE",
                    .help = "Only machines in this state.",
                    .choices = json::enum_names<model::Status>()},
                   {.names = "--tag", .value = "TAG", .help = "Only machines with this tag."}},
       .examples = {{"visor list", "all machines"},
                    {"visor list --state running -f json", "the running ones, for a program"},
                    {"visor list -f csv > machines.csv", "for a spreadsheet"}},
       .run = list},
      {.name = "info",
       .group = "Machines",
       .summary = "Show everything about one machine.",
       .positionals = {{"NAME", "The machine.", Completes::machines}},
       .examples = {{"visor info hello", "state, addresses, disks, adapters and what waits for the next start"},
                    {"visor info hello -f yaml", "all of it, as YAML"}},
       .run = info},
  };
}

}  // namespace visor::cli
