#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/terminal.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

constexpr const char* kTreeIndent = "  ";

/// How many snapshots each one stands on. Parents come first in the list.
std::map<std::string, std::size_t> tree_depths(const std::vector<model::Snapshot>& snapshots) {
  std::map<std::string, std::size_t> found;
  for (const model::Snapshot& snapshot : snapshots) {
    const auto parent = found.find(snapshot.parent);
    found[snapshot.name] = parent == found.end() ? 0 : parent->second + 1;
  }
  return found;
}

std::string tree_indented(std::size_t depth, const std::string& text) {
  std::string line;
  for (std::size_t i = 0; i < depth; ++i) line += kTreeIndent;
  return line + text;
}

Cell size_cell(Bytes size) { return {format_size(size.count), std::to_string(size.count)}; }

std::string kind_of(const model::Snapshot& snapshot) {
  return snapshot.kind == model::SnapshotKind::memory ? "with memory" : "disks";
}

Table tree_table(const model::SnapshotTree& tree, WallTime now) {
  Table table{{{"SNAPSHOT"}, {"MADE"}, {"HOLDS"}, {"SIZE", Align::right}, {"NOTE", Align::left, true}}, {}};
  const std::map<std::string, std::size_t> depth = tree_depths(tree.snapshots);
  const auto add_present = [&](std::size_t at) {
    table.rows.push_back({Cell(tree_indented(at, tree.changed ? "> you are here" : "> you are here (unchanged)"), Color::green),
                          "", "", size_cell(tree.size), ""});
  };
  if (tree.current.empty()) add_present(0);
  for (const model::Snapshot& snapshot : tree.snapshots) {
    table.rows.push_back({tree_indented(depth.at(snapshot.name), snapshot.name),
                          Cell(format_age(snapshot.created, now), format_time(snapshot.created)), kind_of(snapshot),
                          size_cell(snapshot.size), snapshot.note});
    if (snapshot.current) add_present(depth.at(snapshot.name) + 1);
  }
  return table;
}

Awaitable<int> snapshot_create(Context& context, const Arguments& arguments) {
  const std::string machine = arguments.get("MACHINE");
  const model::SnapshotRequest request{arguments.get("NAME"), arguments.get("note"), arguments.has("memory")};
  model::Task task = co_await context.api().create_snapshot(machine, request);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("The snapshot of {} is made.", machine)});
}

Awaitable<int> snapshot_list(Context& context, const Arguments& arguments) {
  const model::SnapshotTree tree = co_await context.api().snapshots(arguments.get("MACHINE"));
  if (tree.snapshots.empty() && context.out.is_table()) {
    context.out.note(fmt::format("There is no snapshot yet; `visor snapshot create {}` makes one.", arguments.get("MACHINE")));
    co_return kExitOk;
  }
  context.out.show(json::to_json(tree), tree_table(tree, std::chrono::system_clock::now()));
  co_return kExitOk;
}

std::string name_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Awaitable<int> snapshot_info(Context& context, const Arguments& arguments) {
  const model::Snapshot snapshot = co_await context.api().snapshot(arguments.get("MACHINE"), arguments.get("SNAPSHOT"));
  Details details;
  details.add("Name", {snapshot.name, Color::bold});
  if (!snapshot.note.empty()) details.add("Note", snapshot.note);
  details.add("Made", format_time(snapshot.created));
  details.add("Made on", snapshot.parent.empty() ? "the first state" : snapshot.parent);
  details.add("Holds", kind_of(snapshot));
  details.add("Machine", snapshot.running ? "ran" : "was off");
  if (snapshot.running && snapshot.kind == model::SnapshotKind::disks) {
    details.add("Guest",
                snapshot.quiet ? "had written everything to its disks" : "was not asked to write everything to its disks");
  }
  details.add("Size", size_cell(snapshot.size));
  details.add("Disks", name_list(snapshot.disks));
  if (!snapshot.left_out.empty()) details.add("Left out", name_list(snapshot.left_out));
  if (snapshot.current) details.add("Present", "stands on it");
  context.out.show(json::to_json(snapshot), details);
  co_return kExitOk;
}

/// Asks whether the present may be lost; nothing to ask when it may, or is kept.
Awaitable<bool> may_discard(Context& context, std::string machine) {
  if (context.globals.yes) co_return true;
  if (!is_terminal(STDIN_FILENO)) co_return false;
  const model::SnapshotTree tree = co_await context.api().snapshots(machine);
  if (!tree.changed) co_return false;
  const std::string since = tree.current.empty() ? "" : fmt::format(" since {}", text::printable(tree.current));
  if (confirm(fmt::format("Everything that has changed in {}{} will be lost. Go on?", text::printable(machine), since))) {
    co_return true;
  }
  throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was changed.", "With --keep the present becomes a snapshot first.");
}

Awaitable<int> snapshot_restore(Context& context, const Arguments& arguments) {
  const std::string machine = arguments.get("MACHINE");
  const std::string snapshot = arguments.get("SNAPSHOT");
  model::RestoreRequest request;
  request.keep = arguments.has("keep");
  request.keep_name = arguments.get("keep");
  request.start = !arguments.has("no-start");
  if (!request.keep) request.discard = co_await may_discard(context, machine);
  model::Task task = co_await context.api().restore_snapshot(machine, snapshot, request);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("{} is what {} was.", machine, snapshot)});
}

std::string removal_text(const model::SnapshotRemoval& removal) {
  std::string text;
  for (const std::string& name : removal.snapshots) text += fmt::format("snapshot {}\n", text::printable(name));
  for (const std::string& path : removal.removes) text += "  " + text::printable(path) + "\n";
  for (const std::string& name : removal.merged_into)
    text += fmt::format("{} keeps what it needs of it\n", text::printable(name));
  if (removal.present) text += "the present keeps what it needs of it\n";
  return text;
}

Awaitable<int> snapshot_delete(Context& context, const Arguments& arguments) {
  const std::string machine = arguments.get("MACHINE");
  const std::string snapshot = arguments.get("SNAPSHOT");
  const bool branch = arguments.has("branch");
  if (context.globals.dry_run || !context.globals.yes) {
    const model::SnapshotRemoval removal = co_await context.api().preview_remove_snapshot(machine, snapshot, branch);
    if (context.globals.dry_run) {
      if (context.out.is_table()) {
        context.out.print("Would be removed:\n" + removal_text(removal));
      } else {
        context.out.show(json::to_json(removal));
      }
      co_return kExitOk;
    }
    if (!is_terminal(STDIN_FILENO)) {
      throw usage_error("`visor snapshot delete` needs --yes when nobody can be asked.", "snapshot delete");
    }
    std::fputs(("This will be removed:\n" + removal_text(removal)).c_str(), stderr);
    if (!confirm("Delete?")) throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was deleted.");
  }
  model::Task task = co_await context.api().remove_snapshot(machine, snapshot, branch);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("The snapshot {} is deleted.", snapshot)});
}

Awaitable<int> snapshot_rename(Context& context, const Arguments& arguments) {
  boost::json::object change;
  if (arguments.has("NEW-NAME")) change["name"] = arguments.get("NEW-NAME");
  if (arguments.has("note")) change["note"] = arguments.get("note");
  if (change.empty()) throw usage_error("Give a new name or a --note.", "snapshot rename");
  const model::Snapshot snapshot =
      co_await context.api().rename_snapshot(arguments.get("MACHINE"), arguments.get("SNAPSHOT"), std::move(change));
  context.out.say(fmt::format("The snapshot is called {}.", snapshot.name));
  if (!context.out.is_table()) context.out.show(json::to_json(snapshot));
  co_return kExitOk;
}

const PositionalSpec kSnapshotMachine = {"MACHINE", "The machine.", Completes::machines};
const PositionalSpec kSnapshotName = {"SNAPSHOT", "The snapshot's name.", Completes::snapshots};

Command create_snapshot_command() {
  return {
      .name = "snapshot create",
      .group = "Snapshots",
      .summary = "Keep what a machine is now, to go back to it later.",
      .description =
          "A machine that runs goes on: its guest agent, if there is one, is asked to write everything to the disks for that "
          "moment. With --memory the machine stands still while its memory is written, and a restore goes on from there. "
          "Disks that are files of yours are not kept, so they must be read-only.",
      .positionals = {kSnapshotMachine, {"NAME", "What to call it (default: snapshot-1 and so on).", Completes::nothing, false}},
      .options = {{.names = "--note", .value = "TEXT", .help = "A note for people."},
                  {.names = "--memory", .help = "Also keep the memory of a machine that runs."}},
      .examples = {{"visor snapshot create hello before-upgrade", "takes a moment"},
                   {"visor snapshot create hello --memory --note 'all tabs open'", "the machine goes on from there"}},
      .run = snapshot_create};
}

Command restore_snapshot_command() {
  return {
      .name = "snapshot restore",
      .group = "Snapshots",
      .summary = "Take a machine back to a snapshot.",
      .description =
          "A machine that runs is turned off first, and started again after. One of a snapshot with memory goes on where it was, "
          "with all the settings that it had. Otherwise only the disks are those of the snapshot (with the firmware's "
          "variables and the TPM); other settings stay. What has changed since the snapshot below the present is lost, "
          "unless it is kept: Visor asks before that, or refuses when nobody can be asked.",
      .positionals = {kSnapshotMachine, kSnapshotName},
      .options = {{.names = "--keep", .value = "NAME", .help = "First make a snapshot of the present.", .value_optional = true},
                  {.names = "--no-start", .help = "Leave the machine off, or saved when the snapshot has memory."}},
      .examples = {{"visor snapshot restore hello before-upgrade", "asks when something would be lost"},
                   {"visor snapshot restore hello before-upgrade --keep=tried", "loses nothing"},
                   {"visor snapshot restore hello before-upgrade --yes", "gives up the present"}},
      .run = snapshot_restore};
}

Command delete_snapshot_command() {
  return {.name = "snapshot delete",
          .group = "Snapshots",
          .summary = "Delete a snapshot; nothing that stands on it is lost.",
          .description =
              "What other snapshots and the present need of it is merged into them, which may take a while. The machine must "
              "be off when the present is among them.",
          .positionals = {kSnapshotMachine, kSnapshotName},
          .options = {{.names = "--branch", .help = "With all snapshots that stand on it."}},
          .examples = {{"visor snapshot delete hello before-upgrade", "asks"},
                       {"visor snapshot delete hello tried --branch --dry-run", "what would go"}},
          .dry_run = true,
          .run = snapshot_delete};
}

}  // namespace

std::vector<Command> snapshot_commands() {
  Command go_to = restore_snapshot_command();
  go_to.name = "snapshot go-to";
  go_to.group.clear();
  return {
      create_snapshot_command(),
      {.name = "snapshot list",
       .group = "Snapshots",
       .summary = "Show the snapshots of a machine as a tree.",
       .positionals = {kSnapshotMachine},
       .examples = {{"visor snapshot list hello", "with the place where you are"}},
       .run = snapshot_list},
      {.name = "snapshot info",
       .group = "Snapshots",
       .summary = "Show everything about a snapshot.",
       .positionals = {kSnapshotMachine, kSnapshotName},
       .examples = {{"visor snapshot info hello before-upgrade", "what it holds"}},
       .run = snapshot_info},
      restore_snapshot_command(),
      std::move(go_to),
      {.name = "snapshot rename",
       .group = "Snapshots",
       .summary = "Change the name or the note of a snapshot.",
       .positionals = {kSnapshotMachine, kSnapshotName, {"NEW-NAME", "What to call it.", Completes::nothing, false}},
       .options = {{.names = "--note", .value = "TEXT", .help = "A note for people."}},
       .examples = {{"visor snapshot rename hello snapshot-1 clean", "another name"}},
       .run = snapshot_rename},
      delete_snapshot_command(),
  };
}

}  // namespace visor::cli
