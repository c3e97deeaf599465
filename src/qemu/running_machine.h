// A QEMU process as a running machine.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "loop/task_group.h"
#include "os/process.h"
#include "qemu/helper.h"
#include "qemu/process_record.h"
#include "qmp/client.h"

namespace visor::qemu {

struct HostResources;
struct MachineState;

/// Watches the process by pidfd and the monitor by its events. All on the loop's thread; destroying it leaves QEMU alone.
class QemuMachine final : public hypervisor::RunningMachine {
 public:
  /// `client` may be missing: a QEMU that does not answer is watched, and the monitor is tried again in the background.
  /// `helpers`: all that it was started with; of those that do not live any more is told.
  QemuMachine(boost::asio::any_io_executor executor, ProcessRecord record, std::filesystem::path runtime_directory,
              os::Process process, std::unique_ptr<qmp::Client> client, std::vector<Helper> helpers,
              std::shared_ptr<HostResources> resources);
  ~QemuMachine() override;
  QemuMachine(const QemuMachine&) = delete;
  QemuMachine& operator=(const QemuMachine&) = delete;

  const std::string& id() const override;
  pid_t process_id() const override;
  const model::MachineSpec& running_spec() const override;
  model::MachineSpec restoring_spec() const override;
  std::string accelerator() const override;
  std::string accelerator_reason() const override;
  std::chrono::system_clock::time_point started_at() const override;
  void on_event(std::function<void(const hypervisor::MachineEvent&)> handler) override;

  /// Running when QEMU does not answer: the process is there, and nothing else is known.
  Awaitable<model::Status> status() override;
  Awaitable<> pause() override;
  Awaitable<> resume() override;
  Awaitable<> reset() override;
  Awaitable<> press_power_button() override;
  Awaitable<> quit(std::chrono::milliseconds grace) override;
  Awaitable<> save(std::filesystem::path file, std::function<void(double progress)> on_progress) override;
  Awaitable<bool> snapshot(hypervisor::LiveSnapshot wanted, std::function<Awaitable<>()> meanwhile,
                           std::function<void(double progress)> on_progress) override;
  Awaitable<bool> settle_snapshot(std::vector<hypervisor::NewLayer> layers) override;
  /// Error{conflict, "machine.no_display"} without a screen.
  Awaitable<std::string> screenshot_png() override;
  Awaitable<hypervisor::Counters> counters() override;
  std::optional<std::string> keeps_waiting(const std::string& key, const model::MachineSpec& wanted) const override;
  Awaitable<> apply(model::MachineSpec wanted, std::vector<hypervisor::ResolvedDisk> files, bool again) override;
  Awaitable<> resize_disk(std::string disk_id, Bytes size) override;
  Bytes assigned_memory() const override;
  std::optional<Bytes> merged_memory() const override;
  Awaitable<> assign_memory(Bytes size) override;
  Awaitable<std::vector<model::PortForward>> forwards() override;
  hypervisor::GuestAgent& agent() override;
  Awaitable<os::Fd> connect_screen() override;
  std::filesystem::path serial_socket(std::uint32_t port) const override;
  std::filesystem::path serial_log(std::uint32_t port) const override;
  std::optional<std::uint32_t> vsock_cid() const override;
  std::vector<std::string> log_tail(std::size_t lines) const override;
  std::vector<std::string> arguments() const override;

  /// Whether the monitor answered when the machine was taken hold of, or since.
  bool monitor_connected() const;
  /// The guest switched itself off while nobody watched: tells it and ends QEMU.
  void guest_is_off();

 private:
  std::shared_ptr<MachineState> state_;
  loop::TaskGroup group_;
};

/// What a run state of QEMU (qapi/run-state.json) is for the user.
model::Status status_of(const std::string& run_state);

}  // namespace visor::qemu
