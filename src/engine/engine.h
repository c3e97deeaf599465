// The engine: puts the parts together and is the Service that the API speaks to.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/clones.h"
#include "engine/context.h"
#include "engine/disk_care.h"
#include "engine/guest_watch.h"
#include "engine/images.h"
#include "engine/instance_key.h"
#include "engine/isos.h"
#include "engine/machine_builder.h"
#include "engine/machine_disks.h"
#include "engine/machine_power.h"
#include "engine/memory_controller.h"
#include "engine/metrics.h"
#include "engine/os_catalogue.h"
#include "engine/profiles.h"
#include "engine/service.h"
#include "engine/snapshots.h"
#include "engine/topology_source.h"
#include "engine/volumes.h"
#include "host/host_reader.h"
#include "loop/event_loop.h"

namespace visor::engine {

/// Everything handed in lives longer than the engine. Call open() before the first request and await close() before it is
/// destroyed; machines run on.
class Engine : public Service {
 public:
  Engine(loop::EventLoop& loop, const model::InstancePaths& paths, store::Store& store, storage::Storage& storage,
         hypervisor::Hypervisor& hypervisor);
  ~Engine() override;

  /// Reads the store, takes hold of running machines, finishes or undoes what an earlier daemon left half done.
  Awaitable<> open();
  Awaitable<> close();

  Awaitable<Inventory> inventory() override;
  Awaitable<model::Host> host() override;
  Awaitable<model::HostTopology> host_topology() override;
  Awaitable<std::vector<model::HostCheck>> host_checks() override;

  std::vector<model::HostStopEntry> preview_stop_for_host() override;
  Awaitable<model::Task> stop_for_host() override;

  std::vector<model::Machine> machines() override;
  model::Machine machine(const std::string& name) override;
  Awaitable<model::MachinePreview> preview_create(model::CreateRequest request) override;
  Awaitable<model::Task> create(model::CreateRequest request) override;
  Awaitable<model::ChangeResult> change(std::string name, boost::json::object patch, ChangeOptions options) override;
  model::RemovalPreview preview_remove(const std::string& name) override;
  Awaitable<model::Task> remove(std::string name, bool force) override;
  Awaitable<model::Task> start(std::string name, model::StartRequest request) override;
  Awaitable<model::Task> stop(std::string name, model::StopRequest request) override;
  Awaitable<model::Task> restart(std::string name, model::StopRequest request) override;
  Awaitable<model::Task> reset(std::string name) override;
  Awaitable<model::Task> pause(std::string name) override;
  Awaitable<model::Task> resume(std::string name) override;
  Awaitable<model::Task> save(std::string name) override;
  Awaitable<model::Task> rename(std::string name, model::RenameRequest request) override;
  Awaitable<model::Task> add_disk(std::string name, boost::json::object disk) override;
  Awaitable<model::Task> remove_disk(std::string name, std::string disk) override;
  Awaitable<model::Task> resize_disk(std::string name, std::string disk, model::ResizeRequest request) override;
  Awaitable<model::Task> check_disk(std::string name, std::string disk, model::DiskCheckRequest request) override;
  Awaitable<model::Task> compact_disk(std::string name, std::string disk) override;
  Awaitable<model::Task> convert_disk(std::string name, std::string disk, model::ConvertRequest request) override;
  Awaitable<model::Task> change_medium(std::string name, std::string disk, model::MediumRequest request) override;

  model::SnapshotTree snapshots(const std::string& machine) override;
  model::Snapshot snapshot(const std::string& machine, const std::string& name) override;
  Awaitable<model::Task> create_snapshot(std::string machine, model::SnapshotRequest request) override;
  model::Snapshot change_snapshot(const std::string& machine, const std::string& name, model::SnapshotChange wanted) override;
  Awaitable<model::Task> restore_snapshot(std::string machine, std::string name, model::RestoreRequest request) override;
  Awaitable<model::SnapshotRemoval> preview_remove_snapshot(std::string machine, std::string name, bool branch) override;
  Awaitable<model::Task> remove_snapshot(std::string machine, std::string name, bool branch) override;
  Awaitable<std::string> snapshot_screenshot(std::string machine, std::string name) override;
  Awaitable<model::Task> clone(std::string name, model::CloneRequest request) override;
  Awaitable<model::Task> publish(std::string name, model::PublishRequest request) override;

  model::MetricsWindow metrics(const std::string& name, model::MetricsRange range) override;
  model::MemoryReport memory(const std::string& name) override;
  std::vector<std::string> log(const std::string& name) override;
  Awaitable<model::CommandLine> command_line(std::string name) override;
  Awaitable<model::ProcessorReport> processor(std::string name) override;
  Awaitable<model::PinningProposal> propose_pinning(std::string name, model::PinningGoal goal) override;
  Awaitable<std::vector<model::MachineSetting>> machine_settings(std::string name) override;
  Awaitable<std::string> screenshot(std::string name, unsigned width) override;
  Awaitable<os::Fd> connect_screen(std::string name) override;
  Awaitable<std::unique_ptr<SerialSession>> connect_serial(std::string name, std::uint32_t port) override;
  Awaitable<model::ExecResult> exec(std::string name, model::ExecRequest request) override;
  Awaitable<std::string> read_guest_file(std::string name, std::string path) override;
  Awaitable<> write_guest_file(std::string name, std::string path, std::string content, std::string mode) override;
  Awaitable<model::SshAccess> ssh(std::string name) override;

  std::vector<model::Image> images() override;
  std::vector<model::BuildableImage> buildable_images() override;
  model::Image image(const std::string& name) override;
  Awaitable<model::Task> build_image(model::BuildRequest request) override;
  Awaitable<model::Task> import_image(model::ImportRequest request) override;
  Awaitable<model::Task> remove_image(std::string name) override;
  Awaitable<std::vector<model::Volume>> volumes() override;
  Awaitable<> remove_volume(std::string name) override;
  Awaitable<std::vector<model::Iso>> isos() override;
  Awaitable<model::Task> build_iso(model::IsoRequest request) override;
  Awaitable<> remove_iso(std::string name) override;

  Awaitable<std::vector<model::OperatingSystem>> operating_systems() override;
  Awaitable<model::SystemPreset> operating_system(std::string id) override;

  std::vector<model::Profile> profiles() override;
  model::Profile profile(const std::string& name) override;
  model::Profile create_profile(model::ProfileRequest request) override;
  void remove_profile(const std::string& name) override;
  Awaitable<model::ChangeResult> apply_profile(std::string profile, std::string machine, ChangeOptions options) override;

  std::vector<model::Task> tasks() override;
  model::Task task(const std::string& id) override;
  Awaitable<model::Task> wait_task(std::string id, std::chrono::milliseconds timeout) override;
  model::Task cancel_task(const std::string& id) override;

  std::unique_ptr<EventReader> events(std::optional<std::uint64_t> since) override;

 private:
  hypervisor::GuestAgent& require_agent(const std::string& name);

  const model::InstancePaths& paths_;
  WallTime started_at_;
  EventBus events_;
  TaskEngine tasks_;
  MachineRegistry machines_;
  Context context_;
  GuestWatch guests_;
  MachinePower power_;
  ImageCatalogue images_;
  InstanceKey key_;
  OsCatalogue systems_;
  ProfileCatalogue profiles_;
  MachineBuilder builder_;
  MachineDisks disks_;
  DiskCare disk_care_;
  Snapshots snapshots_;
  Clones clones_;
  Volumes volumes_;
  Isos isos_;
  MetricsSampler metrics_;
  MemoryController memory_;
  host::HostReader host_reader_;
  TopologySource topology_;
};

}  // namespace visor::engine
