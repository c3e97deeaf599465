#include "engine/disk_care.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "engine/disk_rules.h"
#include "engine/machine_change.h"
#include "engine/occupied.h"
#include "os/file.h"
#include "storage/volume_check.h"
#include "storage/write_disk.h"

namespace visor::engine {
namespace {

constexpr const char* kCompact = "compact-disk";
constexpr const char* kConvert = "convert-disk";
constexpr const char* kCheckStep = "Check the disk";
constexpr const char* kRewriteStep = "Write the disk anew";
constexpr const char* kReplaceStep = "Put it in place";

/// Nobody writes to the files then.
void require_at_rest(const MachineEntry& entry, const model::Disk& disk) {
  if (entry.status == model::Status::stopped || entry.status == model::Status::crashed) return;
  if (entry.status == model::Status::saved) require_not_saved(entry);
  throw Error(ErrorKind::conflict, "disk.in_use",
              fmt::format("The machine '{}' is on and uses its disk '{}'.", entry.record.name, disk.id), "Shut it down first.");
}

/// A file of the user keeps its owner and mode, which a new one in its place could not.
void require_volume(const model::Disk& disk) {
  if (!disk.volume.empty()) return;
  throw Error(ErrorKind::conflict, "disk.not_ours",
              fmt::format("The disk '{}' is a file of yours, which Visor does not replace.", disk.id),
              "Use `qemu-img convert` while no machine uses it.");
}

template <class T>
boost::json::object result_of(const MachineEntry& entry, const std::string& disk_id, const T& found) {
  boost::json::object result = json::to_json(found).as_object();
  result["machine"] = entry.record.name;
  result["disk"] = disk_id;
  return result;
}

void tell(TaskRun& run, const model::DiskCheck& check) {
  if (check.repaired_errors > 0) run.log(fmt::format("{} errors were repaired.", check.repaired_errors));
  if (check.repaired_leaks > 0) run.log(fmt::format("{} clusters that nobody used were given back.", check.repaired_leaks));
  if (check.files == 0) {
    run.log("The disk is raw: it has no tables that could be damaged.");
  } else if (check.errors > 0) {
    run.log(fmt::format("The disk is damaged: {} errors were found.", check.errors));
  } else {
    run.log("The disk is sound.");
  }
  if (check.leaks > 0) run.log(fmt::format("{} clusters are used by nobody.", check.leaks));
}

}  // namespace

Awaitable<model::Task> DiskCare::check(std::string name, std::string disk_id, model::DiskCheckRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  require_at_rest(entry, disk);
  if (disk.volume.empty() && disk.file.empty()) {
    throw Error(ErrorKind::conflict, "disk.empty", fmt::format("There is no disc in the drive '{}'.", disk.id),
                "Insert one first with `visor disk insert`.");
  }
  if (request.repair) require_volume(disk);
  const std::string title = request.repair ? fmt::format("Repair {} of {}", disk.id, entry.record.name)
                                           : fmt::format("Check {} of {}", disk.id, entry.record.name);
  co_return context_.tasks.start(describe_disk_task(entry, "check-disk", title, {kCheckStep}),
                                 [this, id = entry.record.id, disk_id, request](TaskRun& run) -> Awaitable<boost::json::object> {
                                   run.step(kCheckStep);
                                   const MachineEntry& now = require_machine(context_, id);
                                   const model::Disk found = require_disk(now, disk_id);
                                   require_at_rest(now, found);
                                   const Occupied occupied(context_, id, run.id());
                                   const model::DiskCheck check = co_await storage::check_volume(
                                       context_.storage, file_of(context_, found), found.format, request.repair);
                                   tell(run, check);
                                   co_return result_of(require_machine(context_, id), disk_id, check);
                                 });
}

Awaitable<model::Task> DiskCare::compact(std::string name, std::string disk_id) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  co_return start_rewrite(entry, kCompact, fmt::format("Compact {} of {}", disk.id, name),
                          {entry.record.id, disk.id, disk.format, true});
}

Awaitable<model::Task> DiskCare::convert(std::string name, std::string disk_id, model::ConvertRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  if (request.format != model::DiskFormat::qcow2 && request.format != model::DiskFormat::raw) {
    throw Error(ErrorKind::invalid, "volume.bad_format",
                fmt::format("Volumes are qcow2 or raw, not {}.", json::enum_name(request.format)));
  }
  co_return start_rewrite(entry, kConvert, fmt::format("Convert {} of {} to {}", disk.id, name, json::enum_name(request.format)),
                          {entry.record.id, disk.id, request.format, false});
}

model::Task DiskCare::start_rewrite(const MachineEntry& entry, std::string verb, std::string title, Rewrite rewrite) {
  const model::Disk& disk = require_disk(entry, rewrite.disk_id);
  require_volume(disk);
  require_at_rest(entry, disk);
  return context_.tasks.start(
      describe_disk_task(entry, verb, std::move(title), {kRewriteStep, kReplaceStep}),
      [this, rewrite = std::move(rewrite)](TaskRun& run) -> Awaitable<boost::json::object> { return rewrite_now(run, rewrite); });
}

Awaitable<boost::json::object> DiskCare::rewrite_now(TaskRun& run, Rewrite rewrite) {
  run.step(kRewriteStep);
  const MachineEntry& entry = require_machine(context_, rewrite.machine_id);
  const model::Disk disk = require_disk(entry, rewrite.disk_id);
  require_at_rest(entry, disk);
  const Occupied occupied(context_, rewrite.machine_id, run.id());
  model::Disk after = disk;
  after.format = rewrite.format;
  after.volume = new_volume_name(context_, rewrite.machine_id, after);
  model::DiskRewrite result{.format = after.format, .before = os::allocated_size(file_of(context_, disk)), .after = {}};
  run.undo(kRemoveUnusedVolume, after.volume);
  const storage::Progress progress = [&run](double fraction, const std::string& detail) { run.progress(fraction, detail); };
  co_await storage::write_disk(context_.storage,
                               {.disk = file_of(context_, disk),
                                .format = disk.format,
                                .target = file_of(context_, after),
                                .target_format = after.format,
                                .keep_base = rewrite.keep_base},
                               progress);
  result.after = os::allocated_size(file_of(context_, after));
  run.step(kReplaceStep);
  run.undo(kRemoveUnusedVolume, disk.volume);
  co_await change_spec(context_, rewrite.machine_id, [after](model::MachineSpec& spec) {
    model::Disk& changed = disk_in(spec, after.id);
    changed.volume = after.volume;
    changed.format = after.format;
  });
  if (!volume_is_used(context_, disk.volume)) os::remove_tree(file_of(context_, disk));
  run.keep();
  co_return result_of(require_machine(context_, rewrite.machine_id), rewrite.disk_id, result);
}

void DiskCare::register_recovery() {
  for (const char* verb : {kCompact, kConvert}) {
    context_.tasks.on_recover(fmt::format("machine.{}", verb),
                              [this](model::Task task) { return finish_rewrite(std::move(task)); });
  }
}

Awaitable<TaskEngine::Recovery> DiskCare::finish_rewrite(model::Task task) {
  const MachineEntry& entry = context_.machines.by_name(task.subject.name);
  std::vector<std::string> volumes;
  for (const store::Undo& undo : context_.store.undo_of(task.id)) {
    if (undo.action == kRemoveUnusedVolume) volumes.push_back(undo.argument);
  }
  // The old one, written down last, is known once the new one is whole.
  const auto is_new = [&](const model::Disk& disk) { return volumes.size() == 2 && disk.volume == volumes.back(); };
  const std::vector<model::Disk>& disks = entry.record.spec.disks;
  if (std::none_of(disks.begin(), disks.end(), is_new)) {
    throw Error(ErrorKind::conflict, "task.undone", "The disk is as it was.", "Try again.");
  }
  co_return TaskEngine::Recovery{
      "visord was restarted meanwhile; the disk is in place.", kReplaceStep,
      [this, id = entry.record.id, old = volumes.front()](TaskRun& run) -> Awaitable<boost::json::object> {
        run.undo(kRemoveUnusedVolume, old);
        if (!volume_is_used(context_, old)) os::remove_tree(context_.paths.volumes() / old);
        run.keep();
        co_return boost::json::object{{"machine", require_machine(context_, id).record.name}};
      }};
}

}  // namespace visor::engine
