#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "visor/assignment.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/emit.h"

namespace visor::cli {
namespace {

void add_settings(const boost::json::object& spec, const std::string& prefix, Details& details) {
  for (const auto& [key, value] : spec) {
    const std::string name = prefix + std::string(key);
    if (value.is_object()) {
      add_settings(value.get_object(), name + ".", details);
    } else {
      details.add("", fmt::format("{}={}", name, plain(value)));
    }
  }
}

Awaitable<int> profile_list(Context& context, const Arguments& /*arguments*/) {
  Table table{{{"NAME"}, {"BUILT-IN"}, {"DESCRIPTION", Align::left, true}}, {}};
  const std::vector<model::Profile> profiles = co_await context.api().profiles();
  for (const model::Profile& profile : profiles) {
    table.rows.push_back({profile.name, profile.built_in ? "yes" : "no", profile.description});
  }
  context.out.show(json::to_json(profiles), table);
  co_return kExitOk;
}

Awaitable<int> profile_show(Context& context, const Arguments& arguments) {
  const model::Profile profile = co_await context.api().profile(arguments.get("PROFILE"));
  Details details;
  details.add("Profile", {profile.name, Color::bold});
  details.add("Description", profile.description);
  details.add("Made by", profile.built_in ? "Visor" : "people");
  details.add("Settings", "");
  add_settings(profile.spec, "", details);
  context.out.show(json::to_json(profile), details);
  co_return kExitOk;
}

Awaitable<int> profile_create(Context& context, const Arguments& arguments) {
  model::ProfileRequest request{arguments.get("PROFILE"), arguments.get("description"), {}, arguments.get("from")};
  const std::vector<std::string> given = arguments.all("set");
  if (!given.empty()) {
    boost::json::object target{{"spec", boost::json::object()}};
    assign(target, given, co_await context.api().settings());
    request.spec = target.at("spec").as_object();
  }
  const model::Profile profile = co_await context.api().create_profile(std::move(request));
  context.out.say(fmt::format("The profile {0} is made; `visor profile show {0}` lists its settings.", profile.name));
  if (!context.out.is_table()) context.out.show(json::to_json(profile));
  co_return kExitOk;
}

Awaitable<int> profile_delete(Context& context, const Arguments& arguments) {
  co_await context.api().remove_profile(arguments.get("PROFILE"));
  context.out.say(fmt::format("The profile {} is deleted; machines keep their settings.", arguments.get("PROFILE")));
  co_return kExitOk;
}

Awaitable<int> profile_apply(Context& context, const Arguments& arguments) {
  const model::ChangeResult result =
      co_await context.api().apply_profile(arguments.get("PROFILE"), arguments.get("NAME"), context.globals.dry_run);
  if (result.applied.empty() && result.pending.empty() && result.rejected.empty()) {
    context.out.note("Nothing to change: the machine has these settings already.");
    co_return kExitOk;
  }
  co_return show_change(context, result);
}

}  // namespace

std::vector<Command> profile_commands() {
  const PositionalSpec profile{"PROFILE", "The profile's name.", Completes::profiles};
  return {
      {.name = "profile list",
       .group = "Machines",
       .summary = "List the profiles: named sets of settings.",
       .examples = {{"visor profile list", "those that come with Visor, and your own"}},
       .run = profile_list},
      {.name = "profile show",
       .group = "Machines",
       .summary = "Show the settings of a profile.",
       .positionals = {profile},
       .examples = {{"visor profile show gaming", "what it would set"}},
       .run = profile_show},
      {.name = "profile create",
       .group = "Machines",
       .summary = "Make a profile of given settings, or of those of a machine that differ from the defaults.",
       .description = "What belongs to one machine only (disks, adapters, system, pinning) is left out.",
       .positionals = {profile},
       .options =
           {{.names = "--from", .value = "NAME", .help = "Take the settings of this machine.", .completes = Completes::machines},
            {.names = "--set",
             .value = "KEY=VALUE",
             .help = "A setting, as in `visor set`.",
             .completes = Completes::settings,
             .repeats = true},
            {.names = "--description", .value = "TEXT", .help = "A note for people."}},
       .examples = {{"visor profile create office --from web", "as that machine is"},
                    {"visor profile create lean --set memory.merge=true --set rng=false", "of two settings"}},
       .run = profile_create},
      {.name = "profile delete",
       .group = "Machines",
       .summary = "Delete a profile that people made; machines keep their settings.",
       .positionals = {profile},
       .examples = {{"visor profile delete office", "it is gone"}},
       .run = profile_delete},
      {.name = "profile apply",
       .group = "Machines",
       .summary = "Lay a profile over a machine's settings: all of it or nothing.",
       .positionals = {profile, {"NAME", "The machine.", Completes::machines}},
       .examples = {{"visor profile apply gaming desk --dry-run", "what would change, and when"},
                    {"visor profile apply quiet-server web", "change it"}},
       .dry_run = true,
       .run = profile_apply},
  };
}

}  // namespace visor::cli
