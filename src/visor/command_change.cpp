#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "visor/assignment.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/machine_view.h"

namespace visor::cli {
namespace {

Awaitable<int> set(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const std::vector<model::Setting> settings = co_await context.api().settings();
  const model::Machine machine = co_await context.api().machine(name);
  const boost::json::object before = editable(machine);
  boost::json::object after = before;
  assign(after, arguments.all("KEY=VALUE"), settings);
  co_return co_await send_change(context, machine, difference(before, after));
}

}  // namespace

boost::json::object editable(const model::Machine& machine) {
  return {{"description", machine.description},
          {"tags", json::to_json(machine.tags)},
          {"group", machine.group},
          {"spec", json::to_json(machine.spec)}};
}

Awaitable<int> send_change(Context& context, model::Machine machine, boost::json::object patch) {
  if (patch.empty()) {
    context.out.note("Nothing to change: all values are as they were.");
    co_return kExitOk;
  }
  client::ChangeOptions options;
  options.dry_run = context.globals.dry_run;
  options.if_revision = machine.revision;
  const model::ChangeResult result = co_await context.api().change(machine.name, std::move(patch), options);
  co_return show_change(context, result);
}

int show_change(const Context& context, const model::ChangeResult& result) {
  if (context.globals.dry_run && context.out.is_table()) context.out.note("Dry run: nothing has been changed.");
  boost::json::object data = json::to_json(result).get_object();
  data.erase("machine");
  context.out.show(data, change_table(result));
  if (!result.pending.empty() && context.out.is_table()) {
    context.out.note(fmt::format("`visor restart {}` applies what waits for the next start.", result.machine.name));
  }
  return result.rejected.empty() ? kExitOk : kExitError;
}

std::vector<Command> change_commands() {
  return {
      {.name = "set",
       .group = "Machines",
       .summary = "Change settings; says for each whether it applies now or at the next start.",
       .description =
           "Keys are those of `visor config show`: cpu.count, memory.size, disks[disk0].readOnly (by id or number), and "
           "description, tags, group. Sizes take units (2GiB), truth values are true or false, lists are a,b or JSON.",
       .positionals = {{"NAME", "The machine.", Completes::machines},
                       {"KEY=VALUE", "What to change.", Completes::settings, true, true}},
       .examples = {{"visor set hello cpu.count=4 memory.size=2GiB", "more of everything"},
                    {"visor set hello description='build host' tags=ci,nightly", "notes for people"},
                    {"visor set hello nics[nic0].linkUp=false --dry-run", "what unplugging the cable would do"}},
       .dry_run = true,
       .run = set},
  };
}

}  // namespace visor::cli
