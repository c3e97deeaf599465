// Disks that come and go: made, attached, grown, removed; discs in drives.
#pragma once

#include <boost/json/object.hpp>

#include <filesystem>
#include <string>

#include "engine/context.h"
#include "model/disk_requests.h"

namespace visor::engine {

class MachineDisks {
 public:
  explicit MachineDisks(Context& context) : context_(context) {}

  /// Tells the task engine how to undo half-made and half-removed disks.
  void register_recovery();

  /// Adds a disk, while the machine runs where its bus allows it. `disk`: members of model::Disk; with neither `file` nor device
  /// cdrom an empty volume of `size` is made. Errors: `machine.invalid`, `disk.exists`.
  Awaitable<model::Task> add(std::string name, boost::json::object disk);
  /// Takes a disk from the machine and deletes its volume; a file of the user stays. Errors: `disk.not_found`, `machine.saved`,
  /// `machine.guest_kept_disk`, `disk.busy_until_stop`.
  Awaitable<model::Task> remove(std::string name, std::string disk_id);
  /// Makes a volume larger; a running guest is told. Errors: `disk.not_found`, `disk.no_volume`, `volume.would_shrink`.
  Awaitable<model::Task> resize(std::string name, std::string disk_id, model::ResizeRequest request);
  /// Puts a disc into a drive, or takes it out. Errors: `disk.not_found`, `disk.not_a_drive`, `disk.tray_locked`.
  Awaitable<model::Task> change_medium(std::string name, std::string disk_id, model::MediumRequest request);

 private:
  /// A disk as it was asked for, with what was left open chosen.
  Awaitable<model::Disk> plan(std::string id, boost::json::object wanted);
  Awaitable<> add_now(TaskRun& run, std::string id, model::Disk disk);
  Awaitable<> remove_now(TaskRun& run, std::string id, std::string disk_id);
  void delete_volume(TaskRun& run, const std::string& volume);
  /// Goes on with a removal that the settings know of already.
  Awaitable<TaskEngine::Recovery> finish_removal(model::Task task);
  Awaitable<> resize_now(TaskRun& run, std::string id, std::string disk_id, Bytes size);
  /// Brings the size in the settings to that of the volume.
  Awaitable<> note_size(std::string id, std::string disk_id);

  Context& context_;
};

}  // namespace visor::engine
