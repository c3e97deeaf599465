// The use cases of Visor as the API sees them. Engine implements this; tests and fuzzers put something smaller behind the API.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "hypervisor/hypervisor.h"
#include "loop/awaitable.h"
#include "model/clone.h"
#include "model/disk_requests.h"
#include "model/host.h"
#include "model/host_check.h"
#include "model/image.h"
#include "model/iso.h"
#include "model/machine.h"
#include "model/machine_preview.h"
#include "model/memory_report.h"
#include "model/processor_report.h"
#include "model/profile.h"
#include "model/snapshot.h"
#include "model/task.h"
#include "model/topology.h"
#include "os/fd.h"

namespace visor::engine {

/// One thing that happened, with the whole object it happened to.
struct Event {
  std::uint64_t sequence = 0;
  std::string type;  ///< machine, image, task, metrics, host, resync
  std::string data;  ///< JSON text
};

/// Everything for the first paint. `sequence` is where to resume the events.
struct Inventory {
  std::uint64_t sequence = 0;
  model::Host host;
  std::vector<json::Written<model::Machine>> machines;
  std::vector<model::Image> images;
  std::vector<model::Task> tasks;
};
BOOST_DESCRIBE_STRUCT(Inventory, (), (sequence, host, machines, images, tasks))

/// A subscription to the events. Drops out with a `resync` event when the reader is too slow or `since` is too old.
class EventReader {
 public:
  virtual ~EventReader() = default;
  /// The next event, or nothing after `timeout` (time for a keep-alive).
  virtual Awaitable<std::optional<Event>> next(std::chrono::milliseconds timeout) = 0;
};

/// A byte stream to a serial port: many readers, each may write.
class SerialSession {
 public:
  virtual ~SerialSession() = default;
  /// The next bytes (first what was printed before, at most 256 KiB); empty when the machine has ended.
  virtual Awaitable<std::string> read() = 0;
  virtual Awaitable<> write(std::string bytes) = 0;
};

/// Changes of a machine by merge patch. `expected_revision` is from If-Match.
struct ChangeOptions {
  std::optional<std::uint64_t> expected_revision;
  bool dry_run = false;
};

/// Methods that return a Task have started it; it goes on when the caller goes away. All throw Error.
class Service {
 public:
  virtual ~Service() = default;

  virtual Awaitable<Inventory> inventory() = 0;
  virtual Awaitable<model::Host> host() = 0;
  virtual Awaitable<model::HostTopology> host_topology() = 0;
  /// What works on this host and what does not, by the feature that needs it.
  virtual Awaitable<std::vector<model::HostCheck>> host_checks() = 0;

  /// What stop_for_host() would do, the first ones first.
  virtual std::vector<model::HostStopEntry> preview_stop_for_host() = 0;
  /// Brings every running machine to rest as its settings say for the shutdown of the host, those first that start last.
  virtual Awaitable<model::Task> stop_for_host() = 0;

  virtual std::vector<model::Machine> machines() = 0;
  virtual model::Machine machine(const std::string& name) = 0;
  /// What would be made, after all checks; nothing is.
  virtual Awaitable<model::MachinePreview> preview_create(model::CreateRequest request) = 0;
  virtual Awaitable<model::Task> create(model::CreateRequest request) = 0;
  virtual Awaitable<model::ChangeResult> change(std::string name, boost::json::object patch, ChangeOptions options) = 0;
  virtual model::RemovalPreview preview_remove(const std::string& name) = 0;
  virtual Awaitable<model::Task> remove(std::string name, bool force) = 0;
  virtual Awaitable<model::Task> start(std::string name, model::StartRequest request) = 0;
  virtual Awaitable<model::Task> stop(std::string name, model::StopRequest request) = 0;
  virtual Awaitable<model::Task> restart(std::string name, model::StopRequest request) = 0;
  virtual Awaitable<model::Task> reset(std::string name) = 0;
  virtual Awaitable<model::Task> pause(std::string name) = 0;
  virtual Awaitable<model::Task> resume(std::string name) = 0;
  virtual Awaitable<model::Task> save(std::string name) = 0;
  virtual Awaitable<model::Task> rename(std::string name, model::RenameRequest request) = 0;
  /// `disk`: members of model::Disk; without a file an empty one of `size` is made.
  virtual Awaitable<model::Task> add_disk(std::string name, boost::json::object disk) = 0;
  virtual Awaitable<model::Task> remove_disk(std::string name, std::string disk) = 0;
  virtual Awaitable<model::Task> resize_disk(std::string name, std::string disk, model::ResizeRequest request) = 0;
  /// Looks whether the files of a disk are sound, or repairs them. The machine is off.
  virtual Awaitable<model::Task> check_disk(std::string name, std::string disk, model::DiskCheckRequest request) = 0;
  /// Gives back to the host what a disk does not need. The machine is off.
  virtual Awaitable<model::Task> compact_disk(std::string name, std::string disk) = 0;
  virtual Awaitable<model::Task> convert_disk(std::string name, std::string disk, model::ConvertRequest request) = 0;
  virtual Awaitable<model::Task> change_medium(std::string name, std::string disk, model::MediumRequest request) = 0;

  virtual model::SnapshotTree snapshots(const std::string& machine) = 0;
  virtual model::Snapshot snapshot(const std::string& machine, const std::string& name) = 0;
  virtual Awaitable<model::Task> create_snapshot(std::string machine, model::SnapshotRequest request) = 0;
  virtual model::Snapshot change_snapshot(const std::string& machine, const std::string& name, model::SnapshotChange wanted) = 0;
  virtual Awaitable<model::Task> restore_snapshot(std::string machine, std::string name, model::RestoreRequest request) = 0;
  /// `branch`: with all that stand on it.
  virtual Awaitable<model::SnapshotRemoval> preview_remove_snapshot(std::string machine, std::string name, bool branch) = 0;
  virtual Awaitable<model::Task> remove_snapshot(std::string machine, std::string name, bool branch) = 0;
  /// PNG bytes of the screen when it was made.
  virtual Awaitable<std::string> snapshot_screenshot(std::string machine, std::string name) = 0;
  /// Makes machines with copies of its disks and an identity of their own. It must be off.
  virtual Awaitable<model::Task> clone(std::string name, model::CloneRequest request) = 0;
  /// Makes an image of its first disk. It must be off.
  virtual Awaitable<model::Task> publish(std::string name, model::PublishRequest request) = 0;

  virtual model::MetricsWindow metrics(const std::string& name, model::MetricsRange range) = 0;
  /// What dynamic memory gives it, and why.
  virtual model::MemoryReport memory(const std::string& name) = 0;
  virtual std::vector<std::string> log(const std::string& name) = 0;
  virtual Awaitable<model::CommandLine> command_line(std::string name) = 0;
  /// What processor its guest sees, or would see, and which kinds of hosts have it.
  virtual Awaitable<model::ProcessorReport> processor(std::string name) = 0;
  /// Where its vCPUs should run on this host, seen what other running machines have taken.
  virtual Awaitable<model::PinningProposal> propose_pinning(std::string name, model::PinningGoal goal) = 0;
  /// Its settings outside of lists, with what keeps them from being used.
  virtual Awaitable<std::vector<model::MachineSetting>> machine_settings(std::string name) = 0;
  /// PNG bytes, scaled down to `width` pixels when it is not 0.
  virtual Awaitable<std::string> screenshot(std::string name, unsigned width) = 0;
  virtual Awaitable<os::Fd> connect_screen(std::string name) = 0;
  /// `port`: 0 is the console.
  virtual Awaitable<std::unique_ptr<SerialSession>> connect_serial(std::string name, std::uint32_t port) = 0;
  /// Input and output are base64, as on the wire.
  virtual Awaitable<model::ExecResult> exec(std::string name, model::ExecRequest request) = 0;
  virtual Awaitable<std::string> read_guest_file(std::string name, std::string path) = 0;
  /// `mode`: octal permissions ("0644"); empty: as the guest's agent makes it.
  virtual Awaitable<> write_guest_file(std::string name, std::string path, std::string content, std::string mode) = 0;
  virtual Awaitable<model::SshAccess> ssh(std::string name) = 0;

  virtual std::vector<model::Image> images() = 0;
  virtual std::vector<model::BuildableImage> buildable_images() = 0;
  virtual model::Image image(const std::string& name) = 0;
  virtual Awaitable<model::Task> build_image(model::BuildRequest request) = 0;
  virtual Awaitable<model::Task> import_image(model::ImportRequest request) = 0;
  virtual Awaitable<model::Task> remove_image(std::string name) = 0;

  /// The files that hold the disks of machines.
  virtual Awaitable<std::vector<model::Volume>> volumes() = 0;
  /// Deletes one that nothing needs.
  virtual Awaitable<> remove_volume(std::string name) = 0;

  /// The discs that Visor keeps.
  virtual Awaitable<std::vector<model::Iso>> isos() = 0;
  /// Writes a disc with what is in a folder, and puts it into a drive when one is named.
  virtual Awaitable<model::Task> build_iso(model::IsoRequest request) = 0;
  /// Deletes one that is in no drive.
  virtual Awaitable<> remove_iso(std::string name) = 0;

  /// The guest systems that are known by name; empty without their database.
  virtual Awaitable<std::vector<model::OperatingSystem>> operating_systems() = 0;
  virtual Awaitable<model::SystemPreset> operating_system(std::string id) = 0;

  virtual std::vector<model::Profile> profiles() = 0;
  virtual model::Profile profile(const std::string& name) = 0;
  virtual model::Profile create_profile(model::ProfileRequest request) = 0;
  virtual void remove_profile(const std::string& name) = 0;
  /// As change(), with the settings of the profile.
  virtual Awaitable<model::ChangeResult> apply_profile(std::string profile, std::string machine, ChangeOptions options) = 0;

  virtual std::vector<model::Task> tasks() = 0;
  virtual model::Task task(const std::string& id) = 0;
  /// The task when it has ended, or as it is after `timeout`.
  virtual Awaitable<model::Task> wait_task(std::string id, std::chrono::milliseconds timeout) = 0;
  virtual model::Task cancel_task(const std::string& id) = 0;

  /// `since`: deliver what happened after this sequence number; nothing: only what happens from now on.
  virtual std::unique_ptr<EventReader> events(std::optional<std::uint64_t> since) = 0;
};

}  // namespace visor::engine
