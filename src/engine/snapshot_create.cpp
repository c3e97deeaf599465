// Making a snapshot: the layers that the disks have are kept as they are, and the present gets new ones on top.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "console/thumbnail.h"
#include "engine/snapshot_files.h"
#include "engine/snapshot_rules.h"
#include "engine/snapshots.h"
#include "loop/process.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr unsigned kPictureWidth = 480;
/// A machine reads through all layers of a disk, and Storage::chain() follows no more than 64.
constexpr std::size_t kMostLayers = 56;
constexpr unsigned kPresentBytes = 4;

/// Only disks that the running machine has are switched; one that waits for the next start gets its layer unseen.
std::vector<hypervisor::NewLayer> layers_of_running(std::vector<hypervisor::NewLayer> layers, const UnsettledSnapshot& planned,
                                                    const model::MachineSpec& running) {
  std::vector<hypervisor::NewLayer> found;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const model::Disk& disk : running.disks) {
      if (disk.id == planned.layers[i].disk && disk.volume == planned.layers[i].base) found.push_back(layers[i]);
    }
  }
  return found;
}

const char* live_step(bool memory) { return memory ? "Write the memory" : "Freeze the disks"; }

}  // namespace

Awaitable<model::Task> Snapshots::create(std::string machine, model::SnapshotRequest request) {
  const MachineEntry& entry = context_.machines.by_name(machine);
  require_can_snapshot(entry, request);
  TaskDescription description;
  description.kind = "snapshot.create";
  description.title = fmt::format("Make a snapshot of {}", entry.record.name);
  description.subject = {"machine", entry.record.name};
  description.steps = {"Make new layers"};
  if (entry.running) description.steps.emplace_back(live_step(request.memory));
  description.cancellable = request.memory;
  description.queue = entry.record.id;
  const std::string id = entry.record.id;
  co_return context_.tasks.start(std::move(description), power_.on_machine(id, [this, id, request](TaskRun& run) -> Awaitable<> {
    co_await create_now(run, id, request);
  }));
}

UnsettledSnapshot Snapshots::plan(const MachineEntry& entry, const model::SnapshotRequest& request) const {
  UnsettledSnapshot planned;
  SnapshotRecord& snapshot = planned.snapshot;
  snapshot.id = make_uuid();
  snapshot.name = request.name.empty() ? free_snapshot_name(entry.record) : request.name;
  snapshot.note = request.note;
  snapshot.created = std::chrono::system_clock::now();
  snapshot.parent = entry.record.snapshot;
  snapshot.running = entry.running != nullptr;
  snapshot.spec = entry.record.spec;
  if (request.memory) snapshot.memory_spec = entry.running->restoring_spec();
  planned.paused = entry.status == model::Status::paused;
  planned.present = make_secret(kPresentBytes);
  planned.layers = plan_layers(entry.record.id, entry.record.spec, planned.present);
  return planned;
}

/// Returns the id of the new snapshot.
Awaitable<std::string> Snapshots::create_now(TaskRun& run, std::string id, model::SnapshotRequest request) {
  co_await settle(id);
  const MachineEntry& entry = require_machine(context_, id);
  require_can_snapshot(entry, request);
  UnsettledSnapshot planned = plan(entry, request);
  run.step("Make new layers");
  run.undo("drop_snapshot", fmt::format("{}/{}", id, planned.snapshot.id));
  os::make_directories(folder(id, planned.snapshot.id));
  co_await make_layers(run, id, planned.layers);
  const std::string made = planned.snapshot.id;
  if (require_machine(context_, id).running) {
    co_await freeze_running(run, id, std::move(planned));
  } else {
    co_await freeze_at_rest(id, std::move(planned));
  }
  co_return made;
}

Awaitable<> Snapshots::make_layers(TaskRun& run, std::string id, std::vector<LayerRecord> layers) {
  for (const LayerRecord& layer : layers) run.undo("drop_volume", fmt::format("{}/{}", id, layer.volume));
  for (const LayerRecord& layer : layers) {
    const std::filesystem::path base = context_.paths.volumes() / layer.base;
    if ((co_await context_.storage.chain(base, layer.base_format)).size() >= kMostLayers) {
      throw Error(ErrorKind::conflict, "snapshot.too_deep",
                  fmt::format("The disk '{}' stands on {} layers already.", layer.disk, kMostLayers),
                  "Delete a snapshot that is not needed any more: its layer is merged then.");
    }
    co_await context_.storage.create_overlay(context_.paths.volumes() / layer.volume, base, {}, layer.base_format);
  }
}

Awaitable<> Snapshots::copy_guest_state(std::string id, std::filesystem::path to) const {
  const std::function<void()> copy = [from = context_.paths.machine_state(id), to, names = context_.hypervisor.guest_state()] {
    copy_state(from, to, names);
  };
  co_await loop::run_blocking(copy);
}

Awaitable<> Snapshots::freeze_at_rest(std::string id, UnsettledSnapshot planned) {
  co_await copy_guest_state(id, folder(id, planned.snapshot.id));
  MachineEntry& entry = require_machine(context_, id);
  MachineRecord record = entry.record;
  add_snapshot(record, planned, std::chrono::system_clock::now());
  context_.machines.change(entry, std::move(record));
  co_await sync_store();
}

Awaitable<bool> Snapshots::take_picture(std::string id, std::filesystem::path file) {
  try {
    std::string png = co_await require_running(require_machine(context_, id)).screenshot_png();
    co_await loop::run_blocking([&] {
      png = console::scale_png(png, kPictureWidth);
      os::replace_file(file, png, 0600, os::Durable::no);
    });
    co_return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::debug("a snapshot has no picture: {}", error.what());
  }
  co_return false;
}

Awaitable<> Snapshots::freeze_running(TaskRun& run, std::string id, UnsettledSnapshot planned) {
  const bool memory = planned.snapshot.memory_spec.has_value();
  const std::filesystem::path files = folder(id, planned.snapshot.id);
  run.step(live_step(memory));
  planned.snapshot.screenshot = co_await take_picture(id, files / kSnapshotScreen);
  MachineEntry& entry = require_machine(context_, id);
  hypervisor::LiveSnapshot wanted;
  wanted.layers = layers_of_running(new_layers(context_.paths, planned), planned, require_running(entry).running_spec());
  if (memory) {
    storage::Storage::require_space(context_.paths.state_directory, entry.record.spec.memory.size);
    wanted.memory = files / kSnapshotMemory;
  }
  // Noted before QEMU is told: from then on it is QEMU that knows.
  run.undo("settle_snapshot", id);
  MachineRecord record = entry.record;
  record.unsettled = planned;
  context_.machines.change(entry, std::move(record));
  co_await sync_store();
  std::function<Awaitable<>()> meanwhile = [this, id, files]() -> Awaitable<> { return copy_guest_state(id, files); };
  std::function<void(double)> report = [&run](double fraction) {
    run.progress(fraction, fmt::format("{:.0f} %", fraction * 100));
  };
  planned.snapshot.quiet = co_await require_running(require_machine(context_, id))
                               .snapshot(std::move(wanted), std::move(meanwhile), std::move(report));
  MachineEntry& after = require_machine(context_, id);
  MachineRecord done = after.record;
  add_snapshot(done, planned, std::chrono::system_clock::now());
  context_.machines.change(after, std::move(done));
  co_await sync_store();
}

}  // namespace visor::engine
