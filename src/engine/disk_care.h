// Looking after disks at rest: checked, repaired, made smaller on the host, converted.
#pragma once

#include <string>

#include "engine/context.h"
#include "model/disk_requests.h"

namespace visor::engine {

class DiskCare {
 public:
  explicit DiskCare(Context& context) : context_(context) {}

  /// Tells the task engine how to finish what a killed daemon had nearly done.
  void register_recovery();

  /// Looks whether the files of a disk are sound; its result is a model::DiskCheck. With `repair` mends what can be mended, in the
  /// disk's own files. Errors: `disk.not_found`, `disk.empty`, `disk.in_use`, those of storage::check_volume().
  Awaitable<model::Task> check(std::string name, std::string disk_id, model::DiskCheckRequest request);
  /// Gives back to the host what the disk does not need any more; its result is a model::DiskRewrite. Errors: `disk.not_found`,
  /// `disk.no_volume`, `disk.in_use`, those of storage::write_disk().
  Awaitable<model::Task> compact(std::string name, std::string disk_id);
  /// Writes the disk in another format; it stands alone then. Result and errors as above, and `volume.bad_format`.
  Awaitable<model::Task> convert(std::string name, std::string disk_id, model::ConvertRequest request);

 private:
  /// A disk that is to be written anew, and how.
  struct Rewrite {
    std::string machine_id;
    std::string disk_id;
    model::DiskFormat format = model::DiskFormat::qcow2;
    bool keep_base = false;
  };
  model::Task start_rewrite(const MachineEntry& entry, std::string verb, std::string title, Rewrite rewrite);
  Awaitable<boost::json::object> rewrite_now(TaskRun& run, Rewrite rewrite);
  /// Says that a rewrite is done when the settings name the new file already.
  Awaitable<TaskEngine::Recovery> finish_rewrite(model::Task task);

  Context& context_;
};

}  // namespace visor::engine
