// Making, renaming and removing machines.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/images.h"
#include "engine/instance_key.h"
#include "engine/machine_power.h"
#include "engine/os_catalogue.h"
#include "model/machine_preview.h"

namespace visor::engine {

class MachineBuilder {
 public:
  MachineBuilder(Context& context, ImageCatalogue& images, MachinePower& power, InstanceKey& key, OsCatalogue& systems);

  /// The machine that `create` would make, after every check; nothing is made.
  Awaitable<model::MachinePreview> preview(model::CreateRequest request);
  Awaitable<model::Task> create(model::CreateRequest request);
  model::Task rename(const std::string& name, model::RenameRequest request);
  model::RemovalPreview preview_remove(const std::string& name);
  model::Task remove(const std::string& name, bool force);

  /// Undo and finish actions for the task engine.
  void register_recovery();

 private:
  /// A machine that is still to be made, and what the preset of its system decided.
  struct Plan {
    MachineRecord record;
    std::vector<model::PresetChoice> preset;
  };
  Awaitable<Plan> plan(model::CreateRequest request);
  void plan_disks(const model::CreateRequest& request, MachineRecord& record);
  Awaitable<> make(TaskRun& run, MachineRecord record, model::CreateRequest request);
  Awaitable<> make_volume(const MachineRecord& record, const model::Disk& disk);
  Awaitable<> make_seed(const MachineRecord& record, const model::CreateRequest& request);
  Awaitable<> remove_now(TaskRun& run, std::string id, bool force);
  Awaitable<> remove_everything(std::string id);
  std::vector<std::filesystem::path> owned_paths(const MachineRecord& record) const;

  Context& context_;
  ImageCatalogue& images_;
  MachinePower& power_;
  InstanceKey& key_;
  OsCatalogue& systems_;
};

}  // namespace visor::engine
