#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "base/json.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/preset_view.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string size_text(Bytes size) { return size.count == 0 ? "" : format_size(size.count); }

/// The recommended amount, or the least one.
Bytes wanted(Bytes recommended, Bytes minimum) { return std::max(recommended, minimum); }

Awaitable<int> os_list(Context& context, const Arguments& arguments) {
  const std::string word = lower(arguments.get("WORD"));
  Table table{{{"ID"}, {"NAME", Align::left, true}, {"RELEASED"}, {"MEMORY", Align::right}, {"DISK", Align::right}}, {}};
  boost::json::array data;
  for (const model::OperatingSystem& system : co_await context.api().operating_systems()) {
    if (lower(system.id + " " + system.name).find(word) == std::string::npos) continue;
    table.rows.push_back({system.id, system.name, system.released,
                          size_text(wanted(system.recommended.memory, system.minimum.memory)),
                          size_text(wanted(system.recommended.disk, system.minimum.disk))});
    data.push_back(json::to_json(system));
  }
  if (data.empty() && context.out.is_table()) {
    context.out.note(word.empty() ? "No systems are known: install the package osinfo-db." : "No system has that in its name.");
  } else {
    context.out.show(data, table);
  }
  co_return kExitOk;
}

Awaitable<int> os_show(Context& context, const Arguments& arguments) {
  const model::SystemPreset found = co_await context.api().operating_system(arguments.get("OS"));
  const model::OperatingSystem& system = found.system;
  Details details;
  details.add("System", {system.name, Color::bold});
  details.add("Id", system.id);
  details.add("Kind", fmt::format("{} ({})", json::enum_name(system.family), system.kind));
  if (!system.released.empty()) details.add("Released", system.released);
  std::string drivers;
  for (const model::GuestDriver driver : system.drivers) drivers += (drivers.empty() ? "" : ", ") + json::enum_name(driver);
  details.add("Drivers", drivers.empty() ? "none that is known" : drivers);
  add_preset(found.preset, details);
  context.out.show(json::to_json(found), details);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> os_commands() {
  return {
      {.name = "os list",
       .group = "Host",
       .summary = "List the guest systems that have a preset of settings.",
       .positionals = {{"WORD", "Only those with this in their name.", Completes::nothing, false}},
       .examples = {{"visor os list windows", "what `visor create --os` takes"}},
       .run = os_list},
      {.name = "os show",
       .group = "Host",
       .summary = "Show a guest system and the settings that a new machine for it gets, with the reasons.",
       .positionals = {{"OS", "The system's id, such as win11.", Completes::systems}},
       .examples = {{"visor os show winxp", "what an old system gets, and why"}},
       .run = os_show},
  };
}

}  // namespace visor::cli
