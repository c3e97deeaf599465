// `visor pin`: which processors of the host a machine should run on.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

boost::json::object patch_of(boost::json::object pinning) {
  return {{"spec", boost::json::object{{"cpu", boost::json::object{{"pinning", std::move(pinning)}}}}}};
}

/// Whether the processors are exclusive is the user's choice and stays.
boost::json::object binding(const model::Pinning& pinning) {
  return {{"vcpus", json::to_json(pinning.vcpus)}, {"emulator", pinning.emulator}, {"io", pinning.io}};
}

void show(const Context& context, const model::PinningProposal& proposal) {
  Table table{{{"VCPU", Align::right}, {"PROCESSORS"}}, {}};
  for (std::size_t i = 0; i < proposal.pinning.vcpus.size(); ++i) {
    table.rows.push_back({std::to_string(i), proposal.pinning.vcpus[i]});
  }
  context.out.show(json::to_json(proposal), table);
  if (!context.out.is_table()) return;
  for (const std::string& reason : proposal.reasons) context.out.say("+ " + text::printable(reason));
  for (const std::string& warning : proposal.warnings) context.out.say("! " + text::printable(warning));
}

Awaitable<int> pin(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const model::Machine machine = co_await context.api().machine(name);
  if (arguments.has("clear"))
    co_return co_await send_change(context, machine, patch_of(json::to_json(model::Pinning()).as_object()));
  const std::string goal = arguments.has("goal") ? arguments.get("goal") : "fastest";
  const model::PinningProposal proposal = co_await context.api().propose_pinning(name, goal);
  if (arguments.has("apply")) co_return co_await send_change(context, machine, patch_of(binding(proposal.pinning)));
  show(context, proposal);
  if (context.out.is_table())
    context.out.note(fmt::format("`visor pin {} --apply` binds the machine so.", text::printable(name)));
  co_return kExitOk;
}

}  // namespace

std::vector<Command> pin_commands() {
  return {
      {.name = "pin",
       .group = "Machines",
       .summary = "Propose which processors of the host a machine should run on, with the reasons, or bind it to them.",
       .description = "Applies at once, also while the machine runs. `visor set NAME cpu.pinning.vcpus=0,1` binds by hand.",
       .positionals = {{"NAME", "The machine.", Completes::machines}},
       .options =
           {{.names = "--goal",
             .value = "GOAL",
             .help =
                 "What counts: fastest (each vCPU a fast core), balanced (all threads of fast cores), quiet (economical cores).",
             .choices = {"fastest", "balanced", "quiet"}},
            {.names = "--apply", .help = "Bind the machine as proposed."},
            {.names = "--clear", .help = "Let it run anywhere again."}},
       .examples = {{"visor pin hello", "what would be best, and why"},
                    {"visor pin hello --goal quiet --apply", "bind it so that the host stays quiet"},
                    {"visor pin hello --clear", "unbind it"}},
       .dry_run = true,
       .run = pin},
  };
}

}  // namespace visor::cli
