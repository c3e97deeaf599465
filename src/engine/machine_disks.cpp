#include "engine/machine_disks.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "engine/disk_rules.h"
#include "engine/machine_change.h"
#include "model/validate.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr const char* kUndoSize = "note_disk_size";

std::string free_id(const std::vector<model::Disk>& disks, model::DiskDevice device) {
  for (std::size_t number = 0;; ++number) {
    std::string id = fmt::format("{}{}", json::enum_name(device), number);
    if (std::none_of(disks.begin(), disks.end(), [&](const model::Disk& disk) { return disk.id == id; })) return id;
  }
}

bool has_disk(const model::MachineSpec& spec, const std::string& disk_id) {
  return std::any_of(spec.disks.begin(), spec.disks.end(), [&](const model::Disk& disk) { return disk.id == disk_id; });
}

}  // namespace

// --- add -----------------------------------------------------------------------------------------------------------------

Awaitable<model::Disk> MachineDisks::plan(std::string id, boost::json::object wanted) {
  boost::json::value merged = json::to_json(model::Disk{});
  const bool states_format = wanted.contains("format");
  json::merge_patch(merged, wanted);
  Validation validation;
  model::Disk disk;
  json::read(merged, disk, "", validation);
  validation.throw_if_failed("machine.invalid");
  if (!disk.volume.empty()) {
    throw Error(ErrorKind::invalid, "disk.volume_given", fmt::format("The volume of disk '{}' is chosen by Visor.", disk.id),
                "Leave 'volume' out, or give a 'file'.");
  }
  const bool cdrom = disk.device == model::DiskDevice::cdrom;
  if (cdrom) disk.read_only = true;
  if (cdrom && !states_format) disk.format = model::DiskFormat::raw;
  if (!cdrom && !disk.file.empty() && !states_format) {
    disk.format = (co_await context_.storage.inspect(disk.file, std::nullopt)).format;
  }
  const MachineEntry& entry = require_machine(context_, id);
  if (disk.id.empty()) disk.id = free_id(entry.record.spec.disks, disk.device);
  if (has_disk(entry.record.spec, disk.id)) {
    throw Error(ErrorKind::conflict, "disk.exists",
                fmt::format("The machine '{}' already has a disk '{}'.", entry.record.name, disk.id),
                "Choose another name for it.");
  }
  if (!cdrom && disk.file.empty()) disk.volume = new_volume_name(context_, id, disk);
  model::MachineSpec spec = entry.record.spec;
  spec.disks.push_back(disk);
  model::check_spec(spec, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  co_await context_.hypervisor.check(spec);
  co_return disk;
}

Awaitable<model::Task> MachineDisks::add(std::string name, boost::json::object wanted) {
  const std::string id = context_.machines.by_name(name).record.id;
  const model::Disk disk = co_await plan(id, std::move(wanted));
  std::vector<std::string> steps;
  if (!disk.volume.empty()) steps.emplace_back("Create the disk");
  steps.emplace_back("Attach the disk");
  const MachineEntry& entry = require_machine(context_, id);
  co_return context_.tasks.start(
      describe_disk_task(entry, "add-disk", fmt::format("Add {} to {}", disk.id, entry.record.name), std::move(steps)),
      [this, id, disk](TaskRun& run) -> Awaitable<boost::json::object> {
        co_await add_now(run, id, disk);
        co_return boost::json::object{{"machine", require_machine(context_, id).record.name}, {"disk", disk.id}};
      });
}

Awaitable<> MachineDisks::add_now(TaskRun& run, std::string id, model::Disk disk) {
  if (!disk.volume.empty()) {
    run.step("Create the disk");
    run.undo(kRemoveUnusedVolume, disk.volume);
    co_await context_.storage.create_empty(context_.paths.volumes() / disk.volume, disk.format, disk.size);
  }
  run.step("Attach the disk");
  co_await change_spec(context_, id, [disk](model::MachineSpec& spec) { spec.disks.push_back(disk); });
  run.keep();
}

// --- remove --------------------------------------------------------------------------------------------------------------

Awaitable<model::Task> MachineDisks::remove(std::string name, std::string disk_id) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  require_not_saved(entry);
  std::vector<std::string> steps{"Detach the disk"};
  if (!disk.volume.empty()) steps.emplace_back("Delete the disk");
  const std::string id = entry.record.id;
  co_return context_.tasks.start(
      describe_disk_task(entry, "remove-disk", fmt::format("Remove {} from {}", disk.id, entry.record.name), std::move(steps)),
      [this, id, disk_id](TaskRun& run) -> Awaitable<boost::json::object> {
        co_await remove_now(run, id, disk_id);
        co_return boost::json::object{{"machine", require_machine(context_, id).record.name}, {"disk", disk_id}};
      });
}

Awaitable<> MachineDisks::remove_now(TaskRun& run, std::string id, std::string disk_id) {
  run.step("Detach the disk");
  const MachineEntry& before = require_machine(context_, id);
  const model::Disk disk = require_disk(before, disk_id);
  require_not_saved(before);
  const auto without = [disk_id](model::MachineSpec& spec) {
    std::erase_if(spec.disks, [&](const model::Disk& other) { return other.id == disk_id; });
  };
  if (before.running && !disk.volume.empty() && has_disk(before.running->running_spec(), disk_id)) {
    model::MachineSpec wanted = before.record.spec;
    without(wanted);
    if (const auto why = before.running->keeps_waiting("disks", wanted)) {
      throw Error(ErrorKind::conflict, "disk.busy_until_stop",
                  fmt::format("The running machine '{}' needs the disk '{}'. {}", before.record.name, disk_id, *why),
                  "Shut the machine down first.");
    }
  }
  if (!disk.volume.empty()) run.undo(kRemoveUnusedVolume, disk.volume);
  co_await change_spec(context_, id, without);
  if (disk.volume.empty()) co_return;
  delete_volume(run, disk.volume);
}

void MachineDisks::delete_volume(TaskRun& run, const std::string& volume) {
  run.step("Delete the disk");
  if (!volume_is_used(context_, volume)) os::remove_tree(context_.paths.volumes() / volume);
  run.keep();
}

Awaitable<TaskEngine::Recovery> MachineDisks::finish_removal(model::Task task) {
  const MachineEntry& entry = context_.machines.by_name(task.subject.name);
  std::string volume;
  for (const store::Undo& undo : context_.store.undo_of(task.id)) {
    if (undo.action == kRemoveUnusedVolume) volume = undo.argument;
  }
  const auto has = [&](const model::Disk& disk) { return disk.volume == volume; };
  const std::vector<model::Disk>& disks = entry.record.spec.disks;
  if (volume.empty() || std::any_of(disks.begin(), disks.end(), has)) {
    throw Error(ErrorKind::conflict, "task.undone", "The disk was not removed.", "Remove it again.");
  }
  const std::string id = entry.record.id;
  co_return TaskEngine::Recovery{"The removal goes on after a restart of visord.", "Detach the disk",
                                 [this, id, volume](TaskRun& run) -> Awaitable<boost::json::object> {
                                   run.undo(kRemoveUnusedVolume, volume);
                                   co_await change_spec(context_, id, [](model::MachineSpec&) {});
                                   delete_volume(run, volume);
                                   co_return boost::json::object{{"machine", require_machine(context_, id).record.name}};
                                 }};
}

// --- resize --------------------------------------------------------------------------------------------------------------

Awaitable<model::Task> MachineDisks::resize(std::string name, std::string disk_id, model::ResizeRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  require_not_saved(entry);
  if (disk.volume.empty()) {
    throw Error(ErrorKind::conflict, "disk.no_volume",
                fmt::format("The disk '{}' is a file of yours, whose size Visor does not change.", disk.id),
                "Change the file with `qemu-img resize` while no machine uses it.");
  }
  if (request.size < disk.size) {
    throw Error(ErrorKind::invalid, "volume.would_shrink",
                fmt::format("The disk has {}; it cannot be made smaller.", format_bytes(disk.size)),
                "What the guest has beyond the new end would be lost. Make a smaller disk and copy the data over.");
  }
  const std::string id = entry.record.id;
  co_return context_.tasks.start(
      describe_disk_task(entry, "resize-disk", fmt::format("Grow {} of {}", disk.id, entry.record.name), {"Grow the disk"}),
      [this, id, disk_id, size = request.size](TaskRun& run) -> Awaitable<boost::json::object> {
        co_await resize_now(run, id, disk_id, size);
        co_return boost::json::object{{"machine", require_machine(context_, id).record.name}, {"disk", disk_id}};
      });
}

Awaitable<> MachineDisks::resize_now(TaskRun& run, std::string id, std::string disk_id, Bytes size) {
  run.step("Grow the disk");
  MachineEntry& entry = require_machine(context_, id);
  const model::Disk disk = require_disk(entry, disk_id);
  require_not_saved(entry);
  // All checks that the size has to pass as a setting.
  model::MachineSpec wanted = entry.record.spec;
  disk_in(wanted, disk_id).size = size;
  Validation validation;
  model::check_spec(wanted, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  run.undo(kUndoSize, id + " " + disk_id);
  if (entry.running && has_disk(entry.running->running_spec(), disk_id)) {
    if (size.count % 512 != 0) {
      throw Error(ErrorKind::invalid, "volume.bad_size", fmt::format("A disk of {} bytes cannot be made.", size.count),
                  "Give a multiple of 512 bytes.");
    }
    co_await entry.running->resize_disk(disk_id, size);
  } else {
    co_await context_.storage.grow(context_.paths.volumes() / disk.volume, disk.format, size);
  }
  MachineEntry& after = require_machine(context_, id);
  MachineRecord record = after.record;
  disk_in(record.spec, disk_id).size = size;
  context_.machines.change(after, std::move(record));
  run.keep();
}

Awaitable<> MachineDisks::note_size(std::string id, std::string disk_id) {
  const MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr || !has_disk(entry->record.spec, disk_id)) co_return;
  const model::Disk disk = require_disk(*entry, disk_id);
  const Bytes size = co_await context_.storage.virtual_size(context_.paths.volumes() / disk.volume, disk.format);
  MachineEntry* now = context_.machines.find(id);
  if (now == nullptr || !has_disk(now->record.spec, disk_id)) co_return;
  MachineRecord record = now->record;
  disk_in(record.spec, disk_id).size = size;
  context_.machines.change(*now, std::move(record));
}

// --- media ---------------------------------------------------------------------------------------------------------------

Awaitable<model::Task> MachineDisks::change_medium(std::string name, std::string disk_id, model::MediumRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Disk& disk = require_disk(entry, disk_id);
  require_not_saved(entry);
  if (disk.device != model::DiskDevice::cdrom) {
    throw Error(ErrorKind::invalid, "disk.not_a_drive", fmt::format("The disk '{}' is no CD drive.", disk.id),
                "Add a drive with `visor disk add NAME --cdrom`.");
  }
  std::error_code error;
  if (!request.file.empty() && !std::filesystem::exists(request.file, error)) {
    throw Error(ErrorKind::invalid, "disk.no_such_file", fmt::format("There is no file {}.", text::printable(request.file)),
                "The path is one of the host that runs visord.");
  }
  const std::string id = entry.record.id;
  const bool eject = request.file.empty();
  const std::string title = eject ? fmt::format("Eject the disc from {} of {}", disk.id, entry.record.name)
                                  : fmt::format("Insert a disc into {} of {}", disk.id, entry.record.name);
  co_return context_.tasks.start(
      describe_disk_task(entry, eject ? "eject" : "insert", title, {"Change the disc"}),
      [this, id, disk_id, file = request.file](TaskRun& run) -> Awaitable<boost::json::object> {
        run.step("Change the disc");
        co_await change_spec(context_, id, [disk_id, file](model::MachineSpec& spec) {
          model::Disk& drive = disk_in(spec, disk_id);
          drive.file = file;
          drive.format = model::DiskFormat::raw;
        });
        co_return boost::json::object{{"machine", require_machine(context_, id).record.name}, {"disk", disk_id}};
      });
}

// --- recovery ------------------------------------------------------------------------------------------------------------

void MachineDisks::register_recovery() {
  context_.tasks.on_undo(kRemoveUnusedVolume, "The volume {} was removed unless a machine has it.",
                         [this](std::string volume) -> Awaitable<> {
                           if (!volume_is_used(context_, volume)) os::remove_tree(context_.paths.volumes() / volume);
                           co_return;
                         });
  context_.tasks.on_recover("machine.remove-disk", [this](model::Task task) { return finish_removal(std::move(task)); });
  context_.tasks.on_undo(kUndoSize, "The size of the disk was read again: {}.", [this](std::string place) -> Awaitable<> {
    const std::size_t space = place.find(' ');
    co_await note_size(place.substr(0, space), place.substr(space + 1));
  });
}

}  // namespace visor::engine
