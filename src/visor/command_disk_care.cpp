// `visor disk check|compact|convert`: looking after the disks of machines that are off.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "model/disk_requests.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

std::string told(const std::string& disk, const std::string& machine, const model::DiskCheck& check) {
  const std::string repair = fmt::format("`visor disk check {} {} --repair`", machine, disk);
  std::string text;
  if (check.repaired_errors + check.repaired_leaks > 0) {
    text = fmt::format("Repaired: {} errors, {} clusters that nobody used. ", check.repaired_errors, check.repaired_leaks);
  }
  if (check.files == 0) return fmt::format("{} is raw: it has no tables that could be damaged.", disk);
  if (check.errors > 0) {
    return fmt::format("{}{} is damaged: {} errors. Copy what can be read of it, then try {}.", text, disk, check.errors, repair);
  }
  if (check.leaks > 0) {
    return fmt::format("{}{} is sound; {} clusters are used by nobody. {} gives their space back.", text, disk, check.leaks,
                       repair);
  }
  return fmt::format("{}{} is sound.", text, disk);
}

std::string told(const std::string& disk, const model::DiskRewrite& rewrite) {
  return fmt::format("{} is {} and takes up {} of the host; it was {}.", disk, json::enum_name(rewrite.format),
                     format_bytes(rewrite.after), format_bytes(rewrite.before));
}

template <class T>
T read_result(const boost::json::object& result) {
  T value;
  Validation validation;
  boost::json::object known = result;
  known.erase("machine");
  known.erase("disk");
  json::read(known, value, "", validation);
  validation.throw_if_failed("task.result");
  return value;
}

Awaitable<int> finish_rewrite(Context& context, model::Task task, std::string disk) {
  const std::string done = fmt::format("{} was written anew.", disk);
  co_return co_await finish_task(context, std::move(task), {.done = done, .tell = [disk](const boost::json::object& result) {
                                                              return told(disk, read_result<model::DiskRewrite>(result));
                                                            }});
}

Awaitable<int> disk_check(Context& context, const Arguments& arguments) {
  const std::string machine = arguments.get("NAME");
  const std::string disk = arguments.get("DISK");
  const model::Task task = co_await context.api().act_on_disk(machine, disk, "check", {{"repair", arguments.has("repair")}});
  const auto tell = [machine, disk](const boost::json::object& result) {
    return told(disk, machine, read_result<model::DiskCheck>(result));
  };
  co_return co_await finish_task(context, task, {.done = fmt::format("{} was checked.", disk), .tell = tell});
}

Awaitable<int> disk_compact(Context& context, const Arguments& arguments) {
  const std::string disk = arguments.get("DISK");
  co_return co_await finish_rewrite(context, co_await context.api().act_on_disk(arguments.get("NAME"), disk, "compact", {}),
                                    disk);
}

Awaitable<int> disk_convert(Context& context, const Arguments& arguments) {
  const std::string disk = arguments.get("DISK");
  const boost::json::object body{{"format", arguments.get("FORMAT")}};
  co_return co_await finish_rewrite(context, co_await context.api().act_on_disk(arguments.get("NAME"), disk, "convert", body),
                                    disk);
}

const PositionalSpec kMachineAtRest{"NAME", "The machine, which is off.", Completes::machines};
const PositionalSpec kItsDisk{"DISK", "The disk's name, as `visor disk list` shows it.", Completes::disks};

}  // namespace

std::vector<Command> disk_care_commands() {
  return {
      {.name = "disk check",
       .group = "Machines",
       .summary = "Look whether the files of a disk are sound, or repair them.",
       .description =
           "Every file that the disk consists of is looked at, down to its image. --repair mends the disk's own files, which "
           "is safe where only space is lost; of a damaged disk make a copy of its files first.",
       .positionals = {kMachineAtRest, kItsDisk},
       .options = {{.names = "--repair", .help = "Also repair what is found."}},
       .examples = {{"visor disk check hello disk0", "look only"}, {"visor disk check hello disk0 --repair", "and mend"}},
       .run = disk_check},
      {.name = "disk compact",
       .group = "Machines",
       .summary = "Give the space that a disk does not need any more back to the host.",
       .description =
           "The disk is written anew without blocks of zeros and takes the place of the old file when it is whole, so for "
           "that time there must be room for both. What a guest deletes becomes free by itself where it discards "
           "(fstrim); overwrite free space with zeros in guests that do not.",
       .positionals = {kMachineAtRest, kItsDisk},
       .examples = {{"visor disk compact hello disk0", "says what was won"}},
       .run = disk_compact},
      {.name = "disk convert",
       .group = "Machines",
       .summary = "Write a disk in another format, qcow2 or raw.",
       .description =
           "The new disk stands on no image any more. It takes the place of the old file when it is whole; snapshots keep "
           "theirs.",
       .positionals = {kMachineAtRest, kItsDisk, {"FORMAT", "qcow2 or raw."}},
       .examples = {{"visor disk convert hello disk0 raw", "without an image below it"}},
       .run = disk_convert},
  };
}

}  // namespace visor::cli
