// `visor iso`: discs written with what is in a folder.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/create_request.h"
#include "visor/exit_code.h"
#include "visor/terminal.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

std::string drives_text(const model::Iso& iso) {
  std::string all;
  for (const std::string& machine : iso.used_by) all += (all.empty() ? "" : ", ") + machine;
  return all;
}

Awaitable<int> iso_list(Context& context, const Arguments& /*arguments*/) {
  const std::vector<model::Iso> isos = co_await context.api().isos();
  Table table{{{"NAME"}, {"SIZE", Align::right}, {"USED BY", Align::left, true}, {"FILE", Align::left, true}}, {}};
  for (const model::Iso& iso : isos) {
    table.rows.push_back(
        {iso.name, Cell(format_size(iso.size.count), std::to_string(iso.size.count)), drives_text(iso), iso.path});
  }
  context.out.show(json::to_json(isos), table);
  co_return kExitOk;
}

std::string told(const boost::json::object& result) {
  const auto text = [&result](const char* key) {
    const boost::json::value* value = result.if_contains(key);
    return value != nullptr && value->is_string() ? text::printable(value->get_string()) : std::string();
  };
  if (result.contains("machine")) {
    return fmt::format("The disc {} is in {} of {}.", text("iso"), text("disk"), text("machine"));
  }
  return fmt::format("The disc {} is written; `visor iso list` says where.", text("iso"));
}

Awaitable<int> iso_build(Context& context, const Arguments& arguments) {
  if (arguments.has("drive") && !arguments.has("insert")) throw usage_error("--drive goes with --insert.", "iso build");
  const model::IsoRequest request = {.folder = absolute_path(arguments.get("FOLDER")),
                                     .name = arguments.get("name"),
                                     .label = arguments.get("label"),
                                     .machine = arguments.get("insert"),
                                     .drive = arguments.get("drive")};
  model::Task task = co_await context.api().build_iso(request);
  co_return co_await finish_task(context, std::move(task), {.done = "The disc is written.", .tell = told});
}

Awaitable<int> iso_delete(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("ISO");
  if (!context.globals.yes) {
    if (!is_terminal(STDIN_FILENO)) throw usage_error("`visor iso delete` needs --yes when nobody can be asked.", "iso delete");
    if (!confirm(fmt::format("Delete the disc {}?", text::printable(name)))) {
      throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was deleted.");
    }
  }
  co_await context.api().remove_iso(name);
  context.out.say(fmt::format("The disc {} is deleted.", name));
  co_return kExitOk;
}

}  // namespace

std::vector<Command> iso_commands() {
  return {
      {.name = "iso list",
       .group = "Images",
       .summary = "List the discs that Visor keeps and whose drives they are in.",
       .examples = {{"visor iso list", "all"}},
       .run = iso_list},
      {.name = "iso build",
       .group = "Images",
       .summary = "Write a disc with what is in a folder, and put it into a machine's drive.",
       .description =
           "The quickest way to get files into a guest without a network or an agent. The disc has ISO 9660 with Joliet for "
           "Windows and Rock Ridge for Linux (long names, links and what may be executed; everybody may read, nobody may write), "
           "and UDF when a file is larger than 4 GiB. The folder is one of the host that visord runs on; it stays as it is, and "
           "what is changed in it later is not on the disc. Windows shows names of more than 103 characters cut.",
       .positionals = {{"FOLDER", "The folder whose content is written.", Completes::files}},
       .options = {{.names = "--name", .value = "ISO", .help = "Name of the disc; else that of the folder."},
                   {.names = "--label",
                    .value = "TEXT",
                    .help = "What the guest calls it, at most 32 characters; else its name."},
                   {.names = "--insert",
                    .value = "MACHINE",
                    .help = "Put it into the drive of this machine, also while it runs.",
                    .completes = Completes::machines},
                   {.names = "--drive", .value = "DISK", .help = "The drive, when the machine has several."}},
       .examples = {{"visor iso build ~/drivers --insert hello", "write and insert in one step"},
                    {"visor iso build ~/tools --name tools --label TOOLS", "to be kept"}},
       .run = iso_build},
      {.name = "iso delete",
       .group = "Images",
       .summary = "Delete a disc that is in no drive.",
       .positionals = {{"ISO", "Name of the disc.", Completes::isos}},
       .examples = {{"visor iso delete drivers", "asks"}, {"visor iso delete drivers --yes", "does not ask"}},
       .run = iso_delete},
  };
}

}  // namespace visor::cli
