// The port between the engine and what runs machines. The engine knows these words only; src/qemu/ is the first adapter.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/host.h"
#include "model/host_check.h"
#include "model/machine.h"
#include "model/processor_report.h"
#include "os/fd.h"
#include "os/process.h"

namespace visor::hypervisor {

/// One file of a disk's backing chain.
struct DiskLayer {
  std::filesystem::path path;
  model::DiskFormat format = model::DiskFormat::qcow2;
};

/// A disk of the spec with its files, the writable one first and the base last. Empty: a cdrom drive without medium.
struct ResolvedDisk {
  std::string disk_id;
  std::vector<DiskLayer> layers;
};

/// All that is needed to run a machine. Paths in it were chosen by the daemon; no file is opened by a name that a client
/// has given without the daemon having looked at it.
struct MachineDefinition {
  std::string id;
  std::string name;
  model::MachineSpec spec;
  std::vector<ResolvedDisk> disks;
  std::optional<std::filesystem::path> seed;          ///< cloud-init medium (raw), attached read-only
  std::filesystem::path state_directory;              ///< firmware variables live here
  std::filesystem::path runtime_directory;            ///< sockets, log, process record
  std::optional<std::filesystem::path> restore_from;  ///< continue from this saved state instead of booting
};

/// A new, empty layer over a disk of a running machine: what the guest writes goes there, and what there was stays as it is.
struct NewLayer {
  std::string disk_id;
  std::filesystem::path file;  ///< qcow2, made on top of what the disk is now
  std::string volume;          ///< what the spec calls it then
  std::string node;            ///< up to 24 of a-z, 0-9 and '-', never used before by this process
};

/// What RunningMachine::snapshot() does.
struct LiveSnapshot {
  std::vector<NewLayer> layers;
  std::optional<std::filesystem::path> memory;  ///< the state of memory and devices is written here, too
};

/// Counters since the start of the machine.
struct Counters {
  std::vector<std::chrono::nanoseconds> vcpu_time;
  Bytes resident;
  std::optional<Bytes> guest_used;
  Bytes disk_read;
  Bytes disk_written;
};

/// Something happened to a running machine without our asking.
struct MachineEvent {
  enum class Kind {
    paused,
    resumed,
    shutdown,       ///< the guest switched itself off; exited follows
    reset,          ///< the guest restarted itself
    panicked,       ///< the guest's kernel reported a panic
    helper_lost,    ///< a process that played its TPM or served its folder has ended; the guest goes on without
    agent_changed,  ///< the guest agent opened or closed its port
    exited,         ///< the process is gone
  };
  Kind kind;
  bool expected = false;  ///< exited: after shutdown or quit(), not by a crash
  std::string detail;     ///< exited unexpectedly: the last lines of its log
};

/// The agent inside the guest. All it says is hostile input: sizes and times are limited here.
class GuestAgent {
 public:
  virtual ~GuestAgent() = default;
  /// Whether it answers within `timeout`.
  virtual Awaitable<bool> ping(std::chrono::milliseconds timeout) = 0;
  struct NetworkInterface {
    std::string name;
    std::vector<std::string> addresses;  ///< without loopback and link-local ones
    std::uint64_t received = 0;
    std::uint64_t transmitted = 0;
  };
  virtual Awaitable<std::vector<NetworkInterface>> interfaces() = 0;
  struct OsInfo {
    std::string hostname;
    std::string pretty_name;
  };
  virtual Awaitable<OsInfo> os_info() = 0;
  /// Output and input are raw bytes here (not base64).
  virtual Awaitable<model::ExecResult> exec(model::ExecRequest request) = 0;
  /// Reads at most `limit` bytes; Error `guest.file_too_large` beyond, `guest.file_error` when the guest refuses.
  virtual Awaitable<std::string> read_file(std::string path, Bytes limit) = 0;
  virtual Awaitable<> write_file(std::string path, std::string content) = 0;
  virtual Awaitable<> shutdown() = 0;
};

/// A machine whose process exists. Owned by the engine; destroying it leaves the process running (the daemon may die).
class RunningMachine {
 public:
  virtual ~RunningMachine() = default;
  virtual const std::string& id() const = 0;
  virtual pid_t process_id() const = 0;
  /// The spec it was started with: what differs from the stored one is pending.
  virtual const model::MachineSpec& running_spec() const = 0;
  /// What a process has to be started with that continues from its saved state.
  virtual model::MachineSpec restoring_spec() const = 0;
  virtual std::string accelerator() const = 0;
  virtual std::string accelerator_reason() const = 0;
  virtual std::chrono::system_clock::time_point started_at() const = 0;
  /// Called on the loop's thread for every event from now on; `exited` comes exactly once.
  virtual void on_event(std::function<void(const MachineEvent&)> handler) = 0;

  virtual Awaitable<model::Status> status() = 0;  ///< running, paused, ... as the hypervisor says now
  virtual Awaitable<> pause() = 0;
  virtual Awaitable<> resume() = 0;
  virtual Awaitable<> reset() = 0;
  virtual Awaitable<> press_power_button() = 0;
  /// Ends the process: asked first, killed after `grace`. Returns when it is gone.
  virtual Awaitable<> quit(std::chrono::milliseconds grace) = 0;
  /// Pauses, writes the whole state to `file` and ends the process. On failure the machine runs on and the file is gone.
  virtual Awaitable<> save(std::filesystem::path file, std::function<void(double progress)> on_progress) = 0;
  /// Puts the new layers on all disks at one moment, in which the guest stands still: with `memory` it is paused and its state
  /// written, else its agent, if one answers, is asked to write everything out and hold on. `meanwhile` is called in that
  /// moment, before the layers change. In the end the guest goes on as before, whatever failed. Whether it had written
  /// everything out. Error `machine.snapshot_failed`, and those of save(). Without an answer it is settle_snapshot() that knows.
  virtual Awaitable<bool> snapshot(LiveSnapshot wanted, std::function<Awaitable<>()> meanwhile,
                                   std::function<void(double progress)> on_progress) = 0;
  /// Whether the machine writes to these layers: what snapshot() has come to that nobody saw the end of. A guest that holds on
  /// is let go.
  virtual Awaitable<bool> settle_snapshot(std::vector<NewLayer> layers) = 0;
  virtual Awaitable<std::string> screenshot_png() = 0;  ///< PNG bytes
  virtual Awaitable<Counters> counters() = 0;
  /// Why a changed setting with this key waits for the next start; nothing: apply() brings it to the guest. For settings that
  /// are `live_if_possible`.
  virtual std::optional<std::string> keeps_waiting(const std::string& key, const model::MachineSpec& wanted) const = 0;
  /// Brings every setting that can change while the guest runs to what `wanted` says; running_spec() follows. On failure the
  /// setting that failed is as it was. Settings that are so already are left alone, unless `again`: something outside may have
  /// changed them, or a daemon may have ended in the middle. `files`: those of disks and media that the process does not have yet.
  virtual Awaitable<> apply(model::MachineSpec wanted, std::vector<ResolvedDisk> files, bool again) = 0;
  /// Grows a disk of the running machine; the guest is told.
  virtual Awaitable<> resize_disk(std::string disk_id, Bytes size) = 0;
  /// How much of its memory the guest may use now.
  virtual Bytes assigned_memory() const = 0;
  /// How much of it the host holds only once, together with equal pages (KSM); nothing where the kernel does not tell.
  virtual std::optional<Bytes> merged_memory() const = 0;
  /// Lets the guest use this much, at most what it was started with; it follows in its own time.
  virtual Awaitable<> assign_memory(Bytes size) = 0;
  /// The host port that a forward of the running machine really got.
  virtual Awaitable<std::vector<model::PortForward>> forwards() = 0;
  virtual GuestAgent& agent() = 0;

  virtual Awaitable<os::Fd> connect_screen() = 0;  ///< a new RFB connection (a connected socket)
  /// Of a serial port, 0 being the console: a socket that accepts one client, and what was printed so far.
  virtual std::filesystem::path serial_socket(std::uint32_t port) const = 0;
  virtual std::filesystem::path serial_log(std::uint32_t port) const = 0;
  virtual std::optional<std::uint32_t> vsock_cid() const = 0;  ///< its address, if it has a vsock
  virtual std::vector<std::string> log_tail(std::size_t lines) const = 0;
  virtual std::vector<std::string> arguments() const = 0;  ///< of the process, the program's name first
};

/// A way of running machines on this host.
class Hypervisor {
 public:
  virtual ~Hypervisor() = default;
  /// What there is and what really works. Probes on first use (seconds), then answers from a cache.
  virtual Awaitable<std::vector<model::QemuInfo>> probe() = 0;
  /// What this host has and lacks for it: the hypervisor, its accelerator, its firmware.
  virtual Awaitable<std::vector<model::HostCheck>> checks() = 0;
  /// Refuses (Validation) what this host's hypervisor cannot do: too many processors, unknown chipset or CPU model, no firmware.
  virtual Awaitable<> check(const model::MachineSpec& spec) = 0;
  /// The settings (by key, or by key and value: "cpu.scheduling=core") that cannot be used on this host or together with the rest of `spec`, each with the reason.
  virtual Awaitable<std::map<std::string, std::string>> unavailable(model::MachineSpec spec) = 0;
  /// What start() would do, each argument and step with the setting that made it.
  virtual Awaitable<model::CommandLine> command_line(MachineDefinition definition) = 0;
  /// What its guest sees of its processor, and where that could run. Error{unsupported, "machine.no_processor_report"} for
  /// architectures other than x86_64.
  virtual Awaitable<model::ProcessorReport> processor(MachineDefinition definition) = 0;
  /// Names in a machine's state directory of what a guest writes to besides its disks: files and folders, if they are there.
  virtual std::vector<std::string> guest_state() const = 0;
  /// Starts the machine; returns when its first instruction may run. On failure nothing is left behind.
  virtual Awaitable<std::unique_ptr<RunningMachine>> start(MachineDefinition definition) = 0;
  /// Finds every live machine below the runtime directory and takes hold of it again, all in parallel. Leftovers of dead ones
  /// (sockets, records) are returned in `crashed` with their last log lines and removed.
  struct Found {
    std::vector<std::unique_ptr<RunningMachine>> running;
    struct Crashed {
      std::string id;
      std::string detail;
    };
    std::vector<Crashed> crashed;
  };
  virtual Awaitable<Found> reattach(std::filesystem::path machines_directory) = 0;
};

}  // namespace visor::hypervisor
