// What the parts of a running machine share (running_machine*.cpp, machine_watch.cpp).
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/sync.h"
#include "os/process.h"
#include "qemu/guest_agent.h"
#include "qemu/helper.h"
#include "qemu/host_resources.h"
#include "qemu/process_record.h"
#include "qmp/client.h"
#include "qmp/commands.h"

namespace visor::qemu {

/// The balloon driver of the guest reports its memory this often.
inline constexpr std::chrono::seconds kBalloonPeriod{2};

/// Kept alive by the machine and by each of its coroutines.
struct MachineState {
  MachineState(boost::asio::any_io_executor where, ProcessRecord what, std::filesystem::path directory, os::Process who,
               std::shared_ptr<HostResources> host)
      : executor(where),
        record(std::move(what)),
        runtime_directory(std::move(directory)),
        process(std::move(who)),
        resources(std::move(host)),
        changed(where),
        changes(where),
        agent(where, runtime_directory) {}
  ~MachineState() { release_client(); }
  MachineState(const MachineState&) = delete;
  MachineState& operator=(const MachineState&) = delete;

  boost::asio::any_io_executor executor;
  ProcessRecord record;
  std::filesystem::path runtime_directory;
  os::Process process;
  std::shared_ptr<HostResources> resources;
  std::vector<Helper> helpers;          ///< that it was started with; none is added or taken away
  std::shared_ptr<qmp::Client> client;  ///< none while QEMU does not answer
  loop::Notifier changed;               ///< exited, connection ended, shutdown seen
  loop::KeyedQueue changes;             ///< of settings, one after the other: an older wish must not overtake a newer one
  QemuGuestAgent agent;
  std::function<void(const hypervisor::MachineEvent&)> handler;
  std::vector<hypervisor::MachineEvent> unheard;  ///< events before the first handler
  std::vector<qmp::VirtualCpu> virtual_cpus;      ///< asked once; empty until then
  hypervisor::Counters answered;                  ///< what the monitor told when it was last asked
  std::chrono::steady_clock::time_point asked;    ///< when that was
  std::string stop_detail;                        ///< why QEMU stops by itself, from the event before STOP
  bool expected = false;                          ///< its end is no crash
  bool switched_off = false;                      ///< the guest is off; QEMU waits to be ended
  bool exited = false;
  bool saving = false;

  /// The monitor, or Error{unavailable, "machine.unresponsive"} (`machine.not_running` after its end).
  std::shared_ptr<qmp::Client> monitor() const;
  void emit(hypervisor::MachineEvent event);
  /// Takes over a connection: its events come here from now on.
  void adopt(std::unique_ptr<qmp::Client> connection);

 private:
  /// A coroutine may still hold the connection: it must not call back here.
  void release_client();
};

/// Waits for the end of the process and tells it; for the machine's task group.
Awaitable<> watch_process(std::shared_ptr<MachineState> state);
/// Waits for the end of one of the machine's helpers, and tells it when QEMU goes on without; for the task group.
Awaitable<> watch_helper(std::shared_ptr<MachineState> state, std::size_t index);
/// Keeps a monitor connection, ends a QEMU whose guest is off, switches on the balloon's reports.
Awaitable<> keep_connected(std::shared_ptr<MachineState> state);
/// Waits until the process is gone or `timeout` is over; whether it is gone.
Awaitable<bool> wait_gone(std::shared_ptr<MachineState> state, loop::Duration timeout);
/// What a QEMU gets to quit that has no guest left to run.
inline constexpr std::chrono::seconds kQuitGrace{10};
/// Asks QEMU to quit, kills it after `grace`. Error{timeout, "machine.not_ended"} when even that does not help.
Awaitable<> quit_process(std::shared_ptr<MachineState> state, std::chrono::milliseconds grace);
/// Refuses a machine whose state no file can hold.
void require_savable(const MachineState& state);
/// Stops a machine and writes its state to a file, durable under that name. It stays stopped, whether this fails or not.
Awaitable<> write_state_file(std::shared_ptr<MachineState> state, std::filesystem::path file,
                             std::function<void(double)> on_progress);
/// Lets a machine go on whose state was written, or not to the end. Never fails; not to be cancelled.
Awaitable<> go_on(std::shared_ptr<MachineState> state, bool running);
/// hypervisor::RunningMachine::snapshot and settle_snapshot.
Awaitable<bool> take_snapshot(std::shared_ptr<MachineState> state, hypervisor::LiveSnapshot wanted,
                              std::function<Awaitable<>()> meanwhile, std::function<void(double)> on_progress);
Awaitable<bool> settle_snapshot(std::shared_ptr<MachineState> state, std::vector<hypervisor::NewLayer> layers);
/// Writes the state of a machine to a file and ends it (hypervisor::RunningMachine::save).
Awaitable<> save_machine(std::shared_ptr<MachineState> state, std::filesystem::path file,
                         std::function<void(double)> on_progress);

}  // namespace visor::qemu
