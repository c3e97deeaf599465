// `visor disk`: disks that come and go, and discs in drives.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/create_request.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

const model::Disk& require_disk(const model::Machine& machine, const std::string& id) {
  for (const model::Disk& disk : machine.spec.disks) {
    if (disk.id == id) return disk;
  }
  throw Error(ErrorKind::not_found, "disk.not_found",
              fmt::format("The machine '{}' has no disk '{}'.", machine.name, text::printable(id)),
              fmt::format("`visor disk list {}` shows its disks.", machine.name));
}

/// The drive that was named, or the only one.
const model::Disk& require_drive(const model::Machine& machine, const Arguments& arguments) {
  if (arguments.has("drive")) return require_disk(machine, arguments.get("drive"));
  std::vector<const model::Disk*> drives;
  for (const model::Disk& disk : machine.spec.disks) {
    if (disk.device == model::DiskDevice::cdrom) drives.push_back(&disk);
  }
  if (drives.size() == 1) return *drives.front();
  if (drives.empty()) {
    throw Error(ErrorKind::not_found, "disk.not_found", fmt::format("The machine '{}' has no CD drive.", machine.name),
                fmt::format("Add one with `visor disk add {} --cdrom`.", machine.name));
  }
  throw usage_error(fmt::format("The machine '{}' has several CD drives; name one with --drive.", machine.name), "disk insert");
}

std::string what_it_holds(const model::Disk& disk) {
  if (!disk.volume.empty()) return disk.volume;
  return disk.file.empty() ? "(empty)" : disk.file;
}

std::string limits_of(const model::DiskLimits& limits) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (limits.read.count != 0) add(fmt::format("read {}/s", format_bytes(limits.read)));
  if (limits.write.count != 0) add(fmt::format("write {}/s", format_bytes(limits.write)));
  if (limits.read_operations != 0) add(fmt::format("{} reads/s", limits.read_operations));
  if (limits.write_operations != 0) add(fmt::format("{} writes/s", limits.write_operations));
  return text;
}

Bytes parse_size(const std::string& text, const std::string& command) {
  try {
    return parse_bytes(text);
  } catch (const Error& error) {
    throw usage_error(error.what(), command);
  }
}

Awaitable<int> disk_list(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  Table table{{{"DISK"}, {"DEVICE"}, {"BUS"}, {"FORMAT"}, {"SIZE", Align::right}, {"HOLDS", Align::left, true}, {"LIMITS"}}, {}};
  for (const model::Disk& disk : machine.spec.disks) {
    table.rows.push_back({disk.id, json::enum_name(disk.device) + (disk.read_only ? ", read-only" : ""),
                          json::enum_name(disk.bus), json::enum_name(disk.format),
                          disk.size.count == 0 ? "" : format_bytes(disk.size), what_it_holds(disk), limits_of(disk.limits)});
  }
  context.out.show(json::to_json(machine.spec.disks), table);
  co_return kExitOk;
}

Awaitable<int> disk_add(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  boost::json::object disk;
  const bool cdrom = arguments.has("cdrom");
  if (cdrom) disk["device"] = "cdrom";
  if (arguments.has("file")) disk["file"] = absolute_path(arguments.get("file"));
  if (arguments.has("SIZE")) disk["size"] = parse_size(arguments.get("SIZE"), "disk add").count;
  if (!cdrom && arguments.has("SIZE") == arguments.has("file")) {
    throw usage_error("Give either the size of a new disk or --file.", "disk add");
  }
  if (arguments.has("name")) disk["id"] = arguments.get("name");
  if (arguments.has("bus")) disk["bus"] = arguments.get("bus");
  if (arguments.has("type")) disk["format"] = arguments.get("type");
  if (arguments.has("read-only")) disk["readOnly"] = true;
  const model::Task task = co_await context.api().add_disk(name, std::move(disk));
  co_return co_await finish_task(context, task, {.done = fmt::format("{} has another {}.", name, cdrom ? "drive" : "disk")});
}

Awaitable<int> disk_remove(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const model::Disk& disk = require_disk(machine, arguments.get("DISK"));
  if (!context.globals.yes) {
    if (!is_terminal(STDIN_FILENO)) {
      throw usage_error("`visor disk remove` needs --yes when nobody can be asked.", "disk remove");
    }
    const std::string what = disk.volume.empty()
                                 ? fmt::format("Take {} away from {}? The file stays.", disk.id, machine.name)
                                 : fmt::format("Take {} away from {} and delete all that is on it?", disk.id, machine.name);
    if (!confirm(what)) throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was removed.");
  }
  const std::string done = fmt::format("{} has no {} any more.", machine.name, disk.id);
  co_return co_await finish_task(context, co_await context.api().remove_disk(machine.name, disk.id), {.done = done});
}

Awaitable<int> disk_resize(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const model::Disk& disk = require_disk(machine, arguments.get("DISK"));
  const std::string size = arguments.get("SIZE");
  const Bytes wanted =
      size.starts_with('+') ? disk.size + parse_size(size.substr(1), "disk resize") : parse_size(size, "disk resize");
  const model::Task task = co_await context.api().act_on_disk(machine.name, disk.id, "resize", {{"size", wanted.count}});
  co_return co_await finish_task(
      context, task, {.done = fmt::format("{} has {}. Its partitions are grown in the guest.", disk.id, format_bytes(wanted))});
}

Awaitable<int> disk_insert(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const model::Disk& drive = require_drive(machine, arguments);
  const std::string file = absolute_path(arguments.get("FILE"));
  const model::Task task = co_await context.api().act_on_disk(machine.name, drive.id, "insert", {{"file", file}});
  co_return co_await finish_task(context, task, {.done = fmt::format("{} is in {}.", file, drive.id)});
}

Awaitable<int> disk_eject(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const model::Disk& drive = require_drive(machine, arguments);
  const model::Task task = co_await context.api().act_on_disk(machine.name, drive.id, "insert", {{"file", ""}});
  co_return co_await finish_task(context, task, {.done = fmt::format("{} is empty.", drive.id)});
}

const PositionalSpec kMachine{"NAME", "The machine.", Completes::machines};
const PositionalSpec kDisk{"DISK", "The disk's name, as `visor disk list` shows it.", Completes::disks};
const OptionSpec kDrive{
    .names = "--drive", .value = "DISK", .help = "The drive, when the machine has several.", .completes = Completes::drives};

std::vector<Command> changing_commands() {
  return {
      {.name = "disk add",
       .group = "Machines",
       .summary = "Give a machine another disk or CD drive, while it runs where the bus allows it.",
       .description =
           "With a size a new, empty disk is made, which takes up space only as the guest fills it. With --file a file of yours "
           "is "
           "used as it is: its owner and mode are not changed, and it is not deleted with the machine. A running machine takes "
           "disks on virtio, scsi and nvme at once; others, and drives, are there at its next start.",
       .positionals = {kMachine, {"SIZE", "Size of the new disk, such as 20GiB.", Completes::nothing, false}},
       .options = {{.names = "--file", .value = "FILE", .help = "A disk image or disc of yours.", .completes = Completes::files},
                   {.names = "--cdrom", .help = "A CD drive; without --file an empty one."},
                   {.names = "--bus", .value = "BUS", .help = "virtio, scsi, sata, ide, nvme or usb; else the usual one."},
                   {.names = "--type",
                    .value = "FORMAT",
                    .help = "qcow2 or raw; of a file also vmdk, vhdx and vdi. Else qcow2, or "
                            "what the file is."},
                   {.names = "--name", .value = "DISK", .help = "Its name within the machine; else disk1 and so on."},
                   {.names = "--read-only", .help = "The guest cannot write to it."}},
       .examples = {{"visor disk add hello 20GiB", "an empty disk"},
                    {"visor disk add hello --file ~/data.raw --bus scsi", "a file of yours"},
                    {"visor disk add hello --cdrom --file debian.iso", "a drive with a disc, at the next start"}},
       .run = disk_add},
      {.name = "disk remove",
       .group = "Machines",
       .summary = "Take a disk away from a machine and delete it; a file of yours stays.",
       .description = "A running guest is asked to let go of the disk; when it does not, nothing is changed.",
       .positionals = {kMachine, kDisk},
       .examples = {{"visor disk remove hello disk1", "after a question"}, {"visor disk remove hello disk1 --yes", "at once"}},
       .run = disk_remove},
      {.name = "disk resize",
       .group = "Machines",
       .summary = "Make a disk larger, also while the machine runs.",
       .description =
           "The guest sees the new size at once; its partitions and file systems are grown there (growpart, resize2fs, "
           "or Disk Management in Windows; images with cloud-init do it at their next start). A disk is never made smaller.",
       .positionals = {kMachine, kDisk, {"SIZE", "The new size, such as 40GiB, or how much more, such as +10GiB."}},
       .examples = {{"visor disk resize hello disk0 +10GiB", "10 GiB more"}},
       .run = disk_resize},
  };
}

}  // namespace

std::vector<Command> disk_commands() {
  std::vector<Command> commands = changing_commands();
  commands.insert(commands.begin(), {.name = "disk list",
                                     .group = "Machines",
                                     .summary = "List the disks and drives of a machine.",
                                     .positionals = {kMachine},
                                     .examples = {{"visor disk list hello", "what they are and what holds them"}},
                                     .run = disk_list});
  commands.push_back({.name = "disk insert",
                      .group = "Machines",
                      .summary = "Put a disc (an ISO file) into a machine's CD drive, in place of what is in it.",
                      .positionals = {kMachine, {"FILE", "A file on the host that visord runs on.", Completes::files}},
                      .options = {kDrive},
                      .examples = {{"visor disk insert hello ~/tools.iso", "also while it runs"}},
                      .run = disk_insert});
  commands.push_back({.name = "disk eject",
                      .group = "Machines",
                      .summary = "Take the disc out of a machine's CD drive.",
                      .positionals = {kMachine},
                      .options = {kDrive},
                      .examples = {{"visor disk eject hello", "a guest that uses the disc keeps it"}},
                      .run = disk_eject});
  return commands;
}

}  // namespace visor::cli
