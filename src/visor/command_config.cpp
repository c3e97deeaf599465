#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "visor/assignment.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/editor.h"
#include "visor/emit.h"
#include "visor/machine_view.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

Awaitable<int> show(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const boost::json::object config = editable(machine);
  if (context.out.is_table()) {
    context.out.print(to_yaml(config));
  } else {
    context.out.show(config);
  }
  co_return kExitOk;
}

/// When a change of it reaches the guest.
std::string applies(const model::Setting& setting) {
  if (setting.read_only) return "at creation";
  if (setting.live) return "now";
  return setting.live_if_possible ? "now if possible" : "next start";
}

/// Why the setting, or some of its values, cannot be used.
std::string reasons(const model::MachineSetting& setting) {
  std::string text = setting.unavailable;
  for (const model::UnavailableValue& one : setting.unavailable_values) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : " ", one.value, one.reason);
  }
  return text;
}

Awaitable<int> list(Context& context, const Arguments& arguments) {
  const std::vector<model::Setting> settings = co_await context.api().settings();
  const std::vector<model::MachineSetting> values = co_await context.api().machine_settings(arguments.get("NAME"));
  Table table{{{"SETTING"},
               {"VALUE", Align::left, true},
               {"DEFAULT", Align::left, true},
               {"APPLIES"},
               {"CANNOT BE USED", Align::left, true}},
              {}};
  for (const model::MachineSetting& one : values) {
    const model::Setting* setting = find_setting(settings, one.key);
    if (setting == nullptr) continue;
    const bool changed = one.value != setting->default_;
    Cell value(setting_text(one.key, one.value), plain(one.value));
    value.color = changed ? Color::bold : Color::none;
    table.rows.push_back({one.key, std::move(value), Cell(setting_text(one.key, setting->default_), plain(setting->default_)),
                          applies(*setting), reasons(one)});
  }
  context.out.show(json::to_json(values), table);
  co_return kExitOk;
}

/// Lets the user edit until the text is right or he gives up; nothing when he changed nothing.
boost::json::object edit_until_valid(const boost::json::object& before, const Context& context) {
  std::string text = json::pretty(before) + "\n";
  for (;;) {
    text = edit_text(text, ".json");
    std::string problem;
    try {
      const boost::json::value edited = json::parse(text);
      if (edited.is_object()) return edited.get_object();
      problem = "The text must be one JSON object.";
    } catch (const Error& error) {
      problem = error.what();
    }
    std::fputs(("visor: " + text::printable(problem) + "\n").c_str(), stderr);
    if (context.globals.yes || !is_terminal(0) || !confirm("Edit again?")) {
      throw Error(ErrorKind::cancelled, "editor.declined", "Nothing was changed.");
    }
  }
}

Awaitable<int> edit(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const boost::json::object before = editable(machine);
  const boost::json::object after = edit_until_valid(before, context);
  co_return co_await send_change(context, machine, difference(before, after));
}

Awaitable<int> pending(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  Table table{{{"SETTING"}, {"NOW", Align::left, true}, {"NEXT START", Align::left, true}, {"WHY", Align::left, true}}, {}};
  for (const model::PendingChange& change : machine.pending) {
    const auto cell = [&](const boost::json::value& value) { return Cell(setting_text(change.field, value), plain(value)); };
    table.rows.push_back({change.field, cell(change.running), cell(change.next), change.reason});
  }
  if (machine.pending.empty() && context.out.is_table()) {
    context.out.say("Nothing waits for the next start.");
  } else {
    context.out.show(json::to_json(machine.pending), table);
  }
  co_return kExitOk;
}

Awaitable<int> revert(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const std::vector<std::string> wanted = arguments.all("KEY");
  const boost::json::object before = editable(machine);
  boost::json::value after = before;
  for (const std::string& key : wanted) {
    const bool waits =
        std::any_of(machine.pending.begin(), machine.pending.end(), [&](const auto& change) { return change.field == key; });
    if (!waits) throw usage_error(fmt::format("'{}' does not wait for the next start.", text::printable(key)), "config revert");
  }
  for (const model::PendingChange& change : machine.pending) {
    const bool chosen = wanted.empty() || std::find(wanted.begin(), wanted.end(), change.field) != wanted.end();
    if (chosen) put(after, "spec." + change.field, change.running);
  }
  co_return co_await send_change(context, machine, difference(before, after.get_object()));
}

}  // namespace

std::vector<Command> config_commands() {
  const PositionalSpec name = {"NAME", "The machine.", Completes::machines};
  return {
      {.name = "config show",
       .group = "Machines",
       .summary = "Show what may be changed of a machine, as YAML (or JSON with -f json).",
       .positionals = {name},
       .examples = {{"visor config show hello", "all settings"},
                    {"visor config show hello -f csv", "one setting per line, with its key"}},
       .run = show},
      {.name = "config list",
       .group = "Machines",
       .summary = "List a machine's settings with their defaults, when they apply, and why some cannot be used.",
       .positionals = {name},
       .examples = {{"visor config list hello", "all settings outside of lists"}},
       .run = list},
      {.name = "config edit",
       .group = "Machines",
       .summary = "Edit a machine's settings in your editor (VISUAL or EDITOR).",
       .description =
           "The settings open as JSON. Only what you changed is sent, and it is refused when somebody else changed the machine "
           "meanwhile.",
       .positionals = {name},
       .examples = {{"visor config edit hello", "edit, save, see what was applied"},
                    {"EDITOR='code --wait' visor config edit hello", "with another editor"}},
       .dry_run = true,
       .run = edit},
      {.name = "config pending",
       .group = "Machines",
       .summary = "Show which settings wait for the next start.",
       .positionals = {name},
       .examples = {{"visor config pending hello", "now and then"}},
       .run = pending},
      {.name = "config revert",
       .group = "Machines",
       .summary = "Take back changes that wait for the next start.",
       .positionals = {name, {"KEY", "Only these settings.", Completes::settings, false, true}},
       .examples = {{"visor config revert hello", "all of them"}, {"visor config revert hello cpu.count", "one of them"}},
       .dry_run = true,
       .run = revert},
  };
}

}  // namespace visor::cli
