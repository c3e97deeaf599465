#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/exit_code.h"
#include "visor/machine_view.h"
#include "visor/terminal.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

std::uint32_t clone_count(const Arguments& arguments) {
  if (!arguments.has("count")) return 1;
  const std::string text = arguments.get("count");
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return count;
  throw usage_error(fmt::format("'{}' is no number of clones.", text::printable(text)), "clone");
}

Awaitable<int> clone(Context& context, const Arguments& arguments) {
  const std::string source = arguments.get("MACHINE");
  model::CloneRequest request;
  request.name = arguments.get("NEW");
  request.count = clone_count(arguments);
  request.start = arguments.has("start");
  if (arguments.has("description")) request.description = arguments.get("description");
  model::Task task = co_await context.api().act(source, "clone", json::to_json(request));
  const std::string made = request.count == 1 ? request.name : fmt::format("{0}-1 to {0}-{1}", request.name, request.count);
  const std::string what = request.count == 1 ? "is a clone" : "are clones";
  Finish finish = {.done = fmt::format("{} {} of {}{}.", made, what, source, request.start ? " and started" : "")};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

Awaitable<int> publish(Context& context, const Arguments& arguments) {
  const std::string source = arguments.get("MACHINE");
  const model::PublishRequest request = {
      .name = arguments.get("IMAGE"), .description = arguments.get("description"), .compress = arguments.has("compress")};
  model::Task task = co_await context.api().act(source, "publish", json::to_json(request));
  Finish finish = {.done = fmt::format("The image {0} is there; `visor launch {0}` makes a machine from it.", request.name)};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

std::string owner_of(const model::Volume& volume) {
  if (volume.machine.empty()) return volume.orphan ? "orphan" : "-";
  return volume.disk.empty() ? volume.machine : fmt::format("{}, {}", volume.machine, volume.disk);
}

std::string names_joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

Awaitable<int> volume_list(Context& context, const Arguments& arguments) {
  std::vector<model::Volume> volumes = co_await context.api().volumes();
  if (arguments.has("orphans")) std::erase_if(volumes, [](const model::Volume& volume) { return !volume.orphan; });
  Table table{{{"NAME"},
               {"OWNER", Align::left, true},
               {"FORMAT"},
               {"SIZE", Align::right},
               {"ON DISK", Align::right},
               {"STANDS ON", Align::left, true},
               {"HELD BY", Align::left, true}},
              {}};
  for (const model::Volume& volume : volumes) {
    const Cell owner = volume.orphan ? Cell(owner_of(volume), Color::yellow) : Cell(owner_of(volume));
    table.rows.push_back({volume.name, owner, json::enum_name(volume.format),
                          Cell(format_size(volume.virtual_size.count), std::to_string(volume.virtual_size.count)),
                          Cell(format_size(volume.used.count), std::to_string(volume.used.count)), volume.stands_on,
                          volume.problem.empty() ? names_joined(volume.held_by) : volume.problem});
  }
  context.out.show(json::to_json(volumes), table);
  co_return kExitOk;
}

Awaitable<int> volume_delete(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("VOLUME");
  if (!context.globals.yes) {
    if (!is_terminal(STDIN_FILENO))
      throw usage_error("`visor volume delete` needs --yes when nobody can be asked.", "volume delete");
    if (!confirm(fmt::format("Delete the volume {} with all that is in it?", text::printable(name)))) {
      throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was deleted.");
    }
  }
  co_await context.api().remove_volume(name);
  context.out.say(fmt::format("The volume {} is deleted.", name));
  co_return kExitOk;
}

Command clone_command() {
  return {
      .name = "clone",
      .group = "Machines",
      .summary = "Make machines with copies of the disks of another one.",
      .description =
          "The machine must be off. Its volumes are shared block by block where the file system can do that (Btrfs, XFS), else "
          "copied without their holes; images below them stay shared. The clone has an id, adapter addresses and firmware "
          "variables of its own, free ports of the host in place of fixed ones, and no protection. cloud-init sets the guest up "
          "again: host name, SSH host keys and machine id are new; user, keys, password and user data stay. A guest without "
          "cloud-init keeps its identity; the task's log says so.\n\n"
          "A TPM is not copied, the clone gets an empty one: with the same keys two machines could not be told apart. Windows "
          "asks for the recovery key of an encrypted disk then. Disks in files of yours are shared when they are read-only and "
          "refuse the clone when they are not.",
      .positionals = {{"MACHINE", "The machine to copy.", Completes::machines},
                      {"NEW", "Name of the clone; with --count the beginning of the names: NEW-1, NEW-2, ..."}},
      .options = {{.names = "--count", .value = "N", .help = "Make this many (1-64): all of them or, when one fails, none."},
                  {.names = "--start", .help = "Start them when they are made."},
                  {.names = "--description", .value = "TEXT", .help = "A note for people (default: that of MACHINE)."}},
      .examples = {{"visor clone hello hello2", "one more"},
                   {"visor clone template web --count 3 --start", "web-1, web-2 and web-3, running"}},
      .run = clone};
}

Command publish_command() {
  return {.name = "image publish",
          .group = "Images",
          .summary = "Make an image of the first disk of a machine.",
          .description =
              "The machine must be off. The image is one read-only file with all that its disk holds; new machines that `visor "
              "create --image` makes of it share it and take no time to make.\n\n"
              "Everything that is on the disk is in the image: remove what is secret or personal in the guest first (shell "
              "histories, keys, logs, /home). Where cloud-init set the guest up, it gives each new machine a host name, SSH host "
              "keys, "
              "a machine id and a user of its own. Elsewhere prepare the guest before: remove /etc/ssh/ssh_host_*, empty "
              "/etc/machine-id, run sysprep in Windows. Visor does not write into the disk itself.",
          .positionals = {{"MACHINE", "The machine.", Completes::machines}, {"IMAGE", "Name of the image, like web/2."}},
          .options = {{.names = "--description", .value = "TEXT", .help = "A note for people."},
                      {.names = "--compress", .help = "Smaller, but slower to make and to read."}},
          .examples = {{"visor image publish hello web/1", "the disk of hello as the image web/1"},
                       {"visor image publish hello web/1 --compress", "to keep it or give it away"}},
          .run = publish};
}

}  // namespace

std::vector<Command> clone_commands() {
  return {clone_command(),
          publish_command(),
          {.name = "volume list",
           .group = "Images",
           .summary = "List the disk files of machines: whose they are and what they stand on.",
           .options = {{.names = "--orphans", .help = "Only those that nothing needs."}},
           .examples = {{"visor volume list", "all"}, {"visor volume list --orphans", "what can be deleted"}},
           .run = volume_list},
          {.name = "volume delete",
           .group = "Images",
           .summary = "Delete a disk file that nothing needs.",
           .description = "Only orphans: files that no machine owns and that no other volume stands on.",
           .positionals = {{"VOLUME", "Name of the file.", Completes::volumes}},
           .examples = {{"visor volume delete old.qcow2", "asks"}, {"visor volume delete old.qcow2 --yes", "does not ask"}},
           .run = volume_delete}};
}

}  // namespace visor::cli
