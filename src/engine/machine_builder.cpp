#include "engine/machine_builder.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "deploy/cloud_init.h"
#include "engine/mac_address.h"
#include "engine/preset.h"
#include "engine/snapshot_tree.h"
#include "model/os_preset.h"
#include "model/validate.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr Bytes kDefaultDisk = 10_GiB;

/// One adapter in the user-mode network with a forward for SSH: what a machine has unless the request says something else.
model::Nic default_nic() {
  model::Nic nic;
  nic.id = "nic0";
  nic.forwards.push_back({model::Protocol::tcp, "127.0.0.1", 0, 22});
  return nic;
}

/// The spec of the request over the defaults. Lists that the request names replace the default ones.
model::MachineSpec requested_spec(const model::CreateRequest& request, const std::vector<model::PresetChoice>& preset,
                                  Validation& validation) {
  model::MachineSpec spec;
  spec.nics.push_back(default_nic());
  if (!request.spec) return spec;
  boost::json::value merged = json::to_json(spec);
  apply_preset(preset, merged);
  // Members that a list element leaves out have the defaults of its type.
  json::merge_patch(merged, *request.spec);
  model::MachineSpec result;
  json::read(merged, result, "spec", validation);
  return result;
}

}  // namespace

MachineBuilder::MachineBuilder(Context& context, ImageCatalogue& images, MachinePower& power, InstanceKey& key,
                               OsCatalogue& systems)
    : context_(context), images_(images), power_(power), key_(key), systems_(systems) {}

// --- create --------------------------------------------------------------------------------------------------------------

Awaitable<MachineBuilder::Plan> MachineBuilder::plan(model::CreateRequest request) {
  Validation validation;
  model::check_create_request(request, validation);
  std::vector<model::PresetChoice> preset;
  if (const std::string id = asked_system(request); !id.empty()) {
    // A system that the database does not know is a name that is shown, nothing more.
    if (const auto system = co_await systems_.find(id)) preset = model::preset_for(*system, asked_arch(request));
  }
  if (const auto size = preset_disk_size(preset, request)) request.disk_size = size;
  MachineRecord record;
  if (!preset.empty()) {
    // What this host cannot do is left out rather than refused: nobody has asked for it.
    Validation ignored;
    const auto unavailable = co_await context_.hypervisor.unavailable(requested_spec(request, preset, ignored));
    std::erase_if(preset, [&](const model::PresetChoice& choice) { return unavailable.contains(choice.setting); });
  }
  record.spec = requested_spec(request, preset, validation);
  model::check_spec(record.spec, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  record.id = make_uuid();
  record.name = request.name;
  record.description = request.description;
  record.tags = request.tags;
  record.group = request.group;
  record.created = std::chrono::system_clock::now();
  record.rest_since = record.created;
  plan_disks(request, record);
  apply_to_disks(preset, record.spec.disks);
  for (model::Nic& nic : record.spec.nics) {
    if (nic.mac.empty()) nic.mac = random_mac();
  }
  model::check_spec(record.spec, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  if (context_.machines.name_taken(record.name)) {
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", record.name),
                "Choose another name.");
  }
  co_await context_.hypervisor.check(record.spec);
  std::vector<model::PresetChoice> effective = effective_choices(preset, record.spec);
  co_return Plan{std::move(record), std::move(effective)};
}

void MachineBuilder::plan_disks(const model::CreateRequest& request, MachineRecord& record) {
  std::vector<model::Disk>& disks = record.spec.disks;
  std::vector<model::Disk> first;
  if (!request.image.empty()) {
    const model::Image image = images_.get(request.image);
    record.image = image.name;
    record.spec.arch = image.architecture;
    if (!image.os.id.empty()) record.spec.os = image.os;
    if (image.cloud_init) record.ssh_user = request.user;
    model::Disk disk;
    disk.id = "disk0";
    disk.size = std::max(request.disk_size.value_or(kDefaultDisk), image.virtual_size);
    if (request.disk_size && *request.disk_size < image.virtual_size) {
      throw Error(ErrorKind::invalid, "disk.too_small",
                  fmt::format("The image '{}' needs a disk of {}, not {}.", image.name, format_bytes(image.virtual_size),
                              format_bytes(*request.disk_size)));
    }
    disk.boot_index = 0;
    first.push_back(disk);
  } else if (request.disk_size) {
    model::Disk disk;
    disk.id = "disk0";
    disk.size = *request.disk_size;
    disk.boot_index = request.iso.empty() ? 0 : 1;
    first.push_back(disk);
  }
  if (!request.iso.empty()) {
    std::error_code error;
    if (!std::filesystem::exists(request.iso, error)) {
      throw Error(ErrorKind::invalid, "disk.no_such_file", fmt::format("There is no file {}.", text::printable(request.iso)),
                  "The path is one of the host that runs visord.");
    }
    model::Disk cdrom;
    cdrom.id = "cdrom0";
    cdrom.device = model::DiskDevice::cdrom;
    cdrom.file = request.iso;
    cdrom.format = model::DiskFormat::raw;
    cdrom.read_only = true;
    cdrom.boot_index = 0;
    first.push_back(cdrom);
  }
  disks.insert(disks.begin(), first.begin(), first.end());
  for (model::Disk& disk : disks) {
    const bool needs_volume = disk.device == model::DiskDevice::disk && disk.file.empty();
    if (!disk.volume.empty()) {
      throw Error(ErrorKind::invalid, "disk.volume_given", fmt::format("The volume of disk '{}' is chosen by Visor.", disk.id),
                  "Leave 'volume' out, or give a 'file'.");
    }
    if (needs_volume) disk.volume = fmt::format("{}-{}.{}", record.id, disk.id, json::enum_name(disk.format));
  }
}

Awaitable<model::MachinePreview> MachineBuilder::preview(model::CreateRequest request) {
  Plan planned = co_await plan(std::move(request));
  MachineEntry entry;
  entry.record = std::move(planned.record);
  entry.since = entry.record.created;
  co_return model::MachinePreview{context_.machines.view(entry), std::move(planned.preset)};
}

Awaitable<model::Task> MachineBuilder::create(model::CreateRequest request) {
  MachineRecord record = (co_await plan(request)).record;
  TaskDescription description;
  description.kind = request.start ? "machine.launch" : "machine.create";
  description.title = fmt::format("{} {}", request.start ? "Launch" : "Create", record.name);
  description.subject = {"machine", record.name};
  description.steps = {"Create disks", "Prepare the first start"};
  description.queue = "create " + record.name;
  if (request.start) {
    description.steps.insert(description.steps.end(), {"Prepare disks", "Start QEMU"});
    if (request.wait == "ready") {
      description.steps.emplace_back(MachinePower::kWaitStep);
      description.timeout_seconds = request.timeout_seconds;
    }
  }
  co_return context_.tasks.start(std::move(description), [this, record, request](TaskRun& run) -> Awaitable<boost::json::object> {
    const std::string id = record.id;
    co_await make(run, record, request);
    // The machine exists from here on, whatever becomes of its first start.
    run.keep();
    if (request.start) co_await power_.start_now(run, id, {request.wait, request.timeout_seconds});
    co_return boost::json::object{{"machine", record.name}};
  });
}

Awaitable<> MachineBuilder::make(TaskRun& run, MachineRecord record, model::CreateRequest request) {
  run.step("Create disks");
  if (context_.machines.name_taken(record.name)) {
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", record.name),
                "Choose another name.");
  }
  storage::Storage::require_space(context_.paths.volumes(), 16_MiB);
  for (const std::filesystem::path& path : owned_paths(record)) run.undo("remove_path", path.native());
  os::make_directories(context_.paths.machine_state(record.id));
  for (const model::Disk& disk : record.spec.disks) co_await make_volume(record, disk);
  run.step("Prepare the first start");
  if (!record.ssh_user.empty()) co_await make_seed(record, request);
  // The image may have been deleted while the disks were made.
  if (!record.image.empty()) images_.get(record.image);
  run.undo("remove_machine", record.id);
  context_.machines.add(std::move(record));
}

Awaitable<> MachineBuilder::make_volume(const MachineRecord& record, const model::Disk& disk) {
  if (disk.volume.empty()) co_return;
  const std::filesystem::path file = context_.paths.volumes() / disk.volume;
  if (disk.id == "disk0" && !record.image.empty()) {
    co_await context_.storage.create_overlay(file, images_.disk_file(images_.get(record.image)), disk.size);
  } else {
    co_await context_.storage.create_empty(file, disk.format, disk.size);
  }
}

Awaitable<> MachineBuilder::make_seed(const MachineRecord& record, const model::CreateRequest& request) {
  deploy::CloudInit seed;
  seed.instance_id = record.id;
  seed.hostname = record.name;
  seed.user = record.ssh_user;
  seed.ssh_keys = request.ssh_keys;
  seed.ssh_keys.push_back(co_await key_.public_key());
  seed.password = request.password;
  seed.user_data = request.user_data;
  // Its disk has been booted before, by the machine that the image was made of.
  seed.renew_machine_id = images_.get(record.image).source == model::ImageSource::published;
  co_await deploy::write_seed(std::move(seed), context_.paths.machine_state(record.id) / "seed.img");
}

// --- rename --------------------------------------------------------------------------------------------------------------

model::Task MachineBuilder::rename(const std::string& name, model::RenameRequest request) {
  const MachineEntry& entry = context_.machines.by_name(name);
  Validation validation;
  model::check_machine_name(request.name, "name", validation);
  validation.throw_if_failed("machine.invalid");
  require_allowed(entry, model::Action::rename);
  if (request.name != name && context_.machines.name_taken(request.name)) {
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", request.name),
                "Choose another name.");
  }
  TaskDescription description;
  description.kind = "machine.rename";
  description.title = fmt::format("Rename {} to {}", name, request.name);
  description.subject = {"machine", request.name};
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  return context_.tasks.start(std::move(description), [this, id, request](TaskRun&) -> Awaitable<boost::json::object> {
    context_.machines.rename(require_machine(context_, id), request.name);
    co_return boost::json::object{{"machine", request.name}};
  });
}

// --- remove --------------------------------------------------------------------------------------------------------------

std::vector<std::filesystem::path> MachineBuilder::owned_paths(const MachineRecord& record) const {
  std::vector<std::filesystem::path> paths;
  for (const Volume& volume : volumes_of(record)) paths.push_back(context_.paths.volumes() / volume.name);
  paths.push_back(context_.paths.machine_state(record.id));
  return paths;
}

model::RemovalPreview MachineBuilder::preview_remove(const std::string& name) {
  const MachineEntry& entry = context_.machines.by_name(name);
  model::RemovalPreview preview;
  preview.protected_ = entry.record.spec.protection.delete_;
  for (const std::filesystem::path& path : owned_paths(entry.record)) {
    if (std::filesystem::exists(path)) preview.removes.push_back(path.native());
  }
  return preview;
}

model::Task MachineBuilder::remove(const std::string& name, bool force) {
  const MachineEntry& entry = context_.machines.by_name(name);
  if (entry.record.spec.protection.delete_) {
    throw Error(ErrorKind::conflict, "machine.delete_protected",
                fmt::format("The machine '{}' is protected from deletion.", name),
                fmt::format("Switch it off with `visor set {} protection.delete=false`.", name));
  }
  if (!force) require_allowed(entry, model::Action::remove);
  TaskDescription description;
  description.kind = "machine.delete";
  description.title = "Delete " + name;
  description.subject = {"machine", name};
  description.steps = {"Turn off", "Delete disks"};
  description.cancellable = false;
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  return context_.tasks.start(std::move(description), [this, id, force](TaskRun& run) -> Awaitable<boost::json::object> {
    co_await remove_now(run, id, force);
    co_return boost::json::object{};
  });
}

Awaitable<> MachineBuilder::remove_now(TaskRun& run, std::string id, bool force) {
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr) co_return;
  if (!force) require_allowed(*entry, model::Action::remove);
  entry->task = run.id();
  context_.machines.publish(*entry);
  // The journal names the machine, so that a removal that was cut off is finished, not undone.
  run.undo("finish_removal", id);
  run.step("Turn off");
  co_await power_.kill_now(id);
  run.step("Delete disks");
  co_await remove_everything(id);
}

Awaitable<> MachineBuilder::remove_everything(std::string id) {
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr) co_return;
  co_await power_.kill_now(id);
  entry = context_.machines.find(id);
  if (entry == nullptr) co_return;
  for (const std::filesystem::path& path : owned_paths(entry->record)) os::remove_tree(path);
  os::remove_tree(context_.paths.machine_runtime(id));
  context_.machines.remove(id);
}

void MachineBuilder::register_recovery() {
  context_.tasks.on_undo("remove_path", "Undone: {} was removed.", [](std::string path) -> Awaitable<> {
    os::remove_tree(path);
    co_return;
  });
  context_.tasks.on_undo("remove_machine", "Undone: the machine was removed again.", [this](std::string id) -> Awaitable<> {
    context_.machines.remove(id);
    co_return;
  });
  context_.tasks.on_undo("finish_removal", "The removal was finished.",
                         [this](std::string id) -> Awaitable<> { return remove_everything(id); });
  context_.tasks.on_recover("machine.delete", [this](model::Task task) -> Awaitable<TaskEngine::Recovery> {
    for (const store::Undo& entry : context_.store.undo_of(task.id)) {
      if (entry.action == "finish_removal") co_await remove_everything(entry.argument);
    }
    co_return TaskEngine::Recovery{"The removal was finished after a restart of visord."};
  });
}

}  // namespace visor::engine
