#include "qemu/running_machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/both.h"
#include "model/encryption.h"
#include "model/validate_memory.h"
#include "os/file.h"
#include "os/unix_socket.h"
#include "qemu/arguments.h"
#include "qemu/live_disks.h"
#include "qemu/live_settings.h"
#include "qemu/machine_state.h"
#include "qemu/pinning.h"
#include "qemu/process_counters.h"
#include "qmp/block_commands.h"
#include "qmp/device_commands.h"

namespace visor::qemu {
namespace {

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n";
/// The one key of MachineState::changes.
const std::string kChanges = "settings";
constexpr Bytes kPngLimit{std::uint64_t{64} << 20U};

void require_display(const MachineState& state) {
  if (state.record.spec.display.model != model::DisplayModel::none) return;
  throw Error(ErrorKind::conflict, "machine.no_display", fmt::format("The machine {} has no screen.", state.record.machine_name),
              "Set display.model to virtio and start it again, or use its serial console.");
}

/// Memory that the guest uses, from its balloon driver's last report. Everything in it is the guest's word. What the balloon
/// has taken counts in its total, as the driver may take it back when memory runs out (deflate-on-oom). `left` is what it has not.
std::optional<Bytes> used_memory(const boost::json::value& report, const ProcessRecord& record, Bytes left) {
  const Bytes size = std::max(record.memory_at_start, record.assigned);
  const std::uint64_t taken = size.count - std::min(size.count, left.count);
  const boost::json::object* object = report.if_object();
  const boost::json::value* stats = object != nullptr ? object->if_contains("stats") : nullptr;
  if (stats == nullptr || !stats->is_object()) return std::nullopt;
  const auto value = [&](const char* key) -> std::optional<std::uint64_t> {
    const boost::json::value* entry = stats->get_object().if_contains(key);
    boost::system::error_code error;
    const std::uint64_t number = entry != nullptr && entry->is_number() ? entry->to_number<std::uint64_t>(error) : UINT64_MAX;
    // QEMU writes all ones for what was never reported.
    return error || number == UINT64_MAX ? std::nullopt : std::optional(number);
  };
  const auto total = value("stat-total-memory");
  const auto available = value("stat-available-memory");
  if (!total || !available || *available > *total || *total > record.most_memory().count) return std::nullopt;
  // What the guest keeps back for itself grows with the most that it can have, and counts: with nothing available it needs more.
  if (record.spec.memory.dynamic.enabled) return Bytes{left.count - std::min(left.count, *available)};
  return Bytes{*total - *available - std::min(taken, *total - *available)};
}

/// Asks what the disks have done and what memory the guest uses, unless that was done a moment ago: the guest tells nothing new
/// before its period is over, and the answer about the disks is long.
Awaitable<> ask_monitor(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client) {
  const auto now = std::chrono::steady_clock::now();
  // Early rather than late: a reading that comes a little before the period is over must not leave it to the next one.
  if (now - state->asked < kBalloonPeriod * 3 / 4) co_return;
  // Both questions at once: half as many wakes.
  const auto [disks, report] =
      co_await loop::both(qmp::query_blockstats(*client), qmp::qom_get(*client, std::string(kBalloonPath), "guest-stats"));
  state->asked = now;
  state->answered = {};
  for (const qmp::BlockStats& disk : disks) {
    state->answered.disk_read = state->answered.disk_read + disk.read;
    state->answered.disk_written = state->answered.disk_written + disk.written;
  }
  // What was asked for may not have been reached yet.
  const bool whole = state->record.assigned >= state->record.memory_at_start && !state->record.spec.memory.dynamic.enabled;
  const Bytes left = whole ? state->record.assigned : co_await qmp::query_balloon(*client);
  state->answered.guest_used = used_memory(report, state->record, left);
}

os::Fd memory_file() {
  os::Fd file(::memfd_create("screen", MFD_CLOEXEC));
  if (!file) throw system_error("memfd_create", errno);
  return file;
}

/// QEMU writes to a set's descriptor only with the rights that it has asked for.
os::Fd write_only(const os::Fd& file) { return os::open_file(fmt::format("/proc/self/fd/{}", file.get()), O_WRONLY); }

std::string read_png(const os::Fd& file) {
  std::string png = os::read_file(fmt::format("/proc/self/fd/{}", file.get()), kPngLimit);
  if (png.starts_with(kPngMagic)) return png;
  throw Error(ErrorKind::internal, "machine.screenshot_failed", "QEMU did not write a picture of the screen.");
}

}  // namespace

model::Status status_of(const std::string& run_state) {
  if (run_state == "running") return model::Status::running;
  if (run_state == "prelaunch" || run_state == "inmigrate" || run_state == "restore-vm") return model::Status::starting;
  if (run_state == "shutdown" || run_state == "save-vm" || run_state == "finish-migrate" || run_state == "postmigrate") {
    return model::Status::stopping;
  }
  return model::Status::paused;
}

QemuMachine::QemuMachine(boost::asio::any_io_executor executor, ProcessRecord record, std::filesystem::path runtime_directory,
                         os::Process process, std::unique_ptr<qmp::Client> client, std::vector<Helper> helpers,
                         std::shared_ptr<HostResources> resources)
    : state_(std::make_shared<MachineState>(executor, std::move(record), std::move(runtime_directory), std::move(process),
                                            std::move(resources))),
      group_(executor) {
  if (client) state_->adopt(std::move(client));
  state_->helpers = std::move(helpers);
  for (std::size_t i = 0; i < state_->helpers.size(); ++i) {
    group_.spawn("watch a helper of " + state_->record.machine_name, [state = state_, i] { return watch_helper(state, i); });
  }
  group_.spawn("watch " + state_->record.machine_name, [state = state_] { return watch_process(state); });
  group_.spawn("monitor " + state_->record.machine_name, [state = state_] { return keep_connected(state); });
  state_->resources->groups.on_processors_moved(id(), [this] {
    if (!is_pinned(state_->record.spec.cpu.pinning)) return;
    group_.spawn("pin " + state_->record.machine_name, [state = state_] { return pin_again(state); });
  });
}

QemuMachine::~QemuMachine() {
  state_->resources->groups.on_processors_moved(id(), nullptr);
  // The coroutines are cancelled but may run once more; they must not reach the engine.
  state_->handler = [](const hypervisor::MachineEvent&) {};
  state_->unheard.clear();
}

const std::string& QemuMachine::id() const { return state_->record.machine_id; }
pid_t QemuMachine::process_id() const { return state_->process.pid(); }
const model::MachineSpec& QemuMachine::running_spec() const { return state_->record.spec; }
model::MachineSpec QemuMachine::restoring_spec() const {
  model::MachineSpec spec = state_->record.spec;
  if (model::memory_at_start(spec.memory) == state_->record.memory_at_start) return spec;
  spec.memory.dynamic.enabled = false;
  spec.memory.size = state_->record.memory_at_start;
  return spec;
}
std::string QemuMachine::accelerator() const { return state_->record.accelerator; }
std::string QemuMachine::accelerator_reason() const { return state_->record.accelerator_reason; }
std::chrono::system_clock::time_point QemuMachine::started_at() const { return state_->record.started_at; }

void QemuMachine::on_event(std::function<void(const hypervisor::MachineEvent&)> handler) {
  state_->handler = std::move(handler);
  for (hypervisor::MachineEvent& event : std::exchange(state_->unheard, {})) state_->emit(std::move(event));
}

Awaitable<model::Status> QemuMachine::status() {
  const std::shared_ptr<MachineState> state = state_;
  if (state->exited) co_return model::Status::stopped;
  if (!state->client || !state->client->connected()) co_return model::Status::running;
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const qmp::RunState run = co_await qmp::query_status(*client);
  co_return status_of(run.status);
}

Awaitable<> QemuMachine::pause() {
  const std::shared_ptr<qmp::Client> client = state_->monitor();
  co_await qmp::stop(*client);
}

Awaitable<> QemuMachine::resume() {
  const std::shared_ptr<qmp::Client> client = state_->monitor();
  co_await qmp::cont(*client);
}

Awaitable<> QemuMachine::reset() {
  if (model::has_secret_registers(state_->record.spec.memory)) {
    throw Error(ErrorKind::conflict, "machine.registers_encrypted",
                fmt::format("The registers of {} are encrypted: it cannot be reset.", state_->record.machine_name),
                "Stop it and start it again.");
  }
  const std::shared_ptr<qmp::Client> client = state_->monitor();
  co_await qmp::system_reset(*client);
}

Awaitable<> QemuMachine::press_power_button() {
  const std::shared_ptr<qmp::Client> client = state_->monitor();
  co_await qmp::system_powerdown(*client);
}

Awaitable<> QemuMachine::quit(std::chrono::milliseconds grace) {
  const std::shared_ptr<MachineState> state = state_;
  if (!state->exited) co_await quit_process(state, grace);
}

Awaitable<> QemuMachine::save(std::filesystem::path file, std::function<void(double progress)> on_progress) {
  co_await save_machine(state_, std::move(file), std::move(on_progress));
}

Awaitable<bool> QemuMachine::snapshot(hypervisor::LiveSnapshot wanted, std::function<Awaitable<>()> meanwhile,
                                      std::function<void(double progress)> on_progress) {
  const std::shared_ptr<MachineState> state = state_;
  const loop::KeyedQueue::Lease turn = co_await state->changes.acquire(kChanges);
  co_return co_await take_snapshot(state, std::move(wanted), std::move(meanwhile), std::move(on_progress));
}

Awaitable<bool> QemuMachine::settle_snapshot(std::vector<hypervisor::NewLayer> layers) {
  co_return co_await qemu::settle_snapshot(state_, std::move(layers));
}

Awaitable<std::string> QemuMachine::screenshot_png() {
  const std::shared_ptr<MachineState> state = state_;
  const std::shared_ptr<qmp::Client> client = state->monitor();
  require_display(*state);
  const os::Fd picture = memory_file();
  const std::int64_t set = co_await qmp::add_fd(*client, write_only(picture), "screenshot");
  std::exception_ptr failure;
  try {
    co_await qmp::screendump_png(*client, fmt::format("/dev/fdset/{}", set));
  } catch (const Error&) {
    failure = std::current_exception();
  }
  co_await qmp::remove_fd(*client, set);
  if (failure) std::rethrow_exception(failure);
  co_return read_png(picture);
}

Awaitable<hypervisor::Counters> QemuMachine::counters() {
  const std::shared_ptr<MachineState> state = state_;
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const pid_t pid = state->process.pid();
  if (state->virtual_cpus.empty()) state->virtual_cpus = co_await qmp::query_cpus_fast(*client);
  co_await ask_monitor(state, client);
  hypervisor::Counters counters = state->answered;
  for (const qmp::VirtualCpu& cpu : state->virtual_cpus) {
    counters.vcpu_time.push_back(thread_time(pid, cpu.thread_id).value_or(std::chrono::nanoseconds(0)));
  }
  counters.resident = resident_memory(pid);
  co_return counters;
}

std::optional<std::string> QemuMachine::keeps_waiting(const std::string& key, const model::MachineSpec& wanted) const {
  return why_it_waits(key, state_->record, wanted);
}

Awaitable<> QemuMachine::apply(model::MachineSpec wanted, std::vector<hypervisor::ResolvedDisk> files, bool again) {
  const std::shared_ptr<MachineState> state = state_;
  // With nothing under way QEMU need not be waited for when there is nothing to do.
  if (!again && !state->changes.busy(kChanges) && is_applied(state->record, wanted)) co_return;
  const loop::KeyedQueue::Lease turn = co_await state->changes.acquire(kChanges);
  const std::uint32_t before = state->record.spec.cpu.count;
  co_await apply_live(state, std::move(wanted), std::move(files));
  const std::uint32_t now = state->record.spec.cpu.count;
  if (state->record.assigned > state->record.memory_at_start) {
    group_.spawn("bring memory online", [state]() -> Awaitable<> { return state->agent.bring_memory_online(); });
  }
  if (now <= before) co_return;
  group_.spawn("bring processors online", [state, now]() -> Awaitable<> { return state->agent.bring_processors_online(now); });
}

Awaitable<> QemuMachine::resize_disk(std::string disk_id, Bytes size) {
  const std::shared_ptr<MachineState> state = state_;
  const loop::KeyedQueue::Lease turn = co_await state->changes.acquire(kChanges);
  co_await qemu::resize_disk(state, std::move(disk_id), size);
}

Bytes QemuMachine::assigned_memory() const { return state_->record.assigned; }

std::optional<Bytes> QemuMachine::merged_memory() const { return qemu::merged_memory(process_id()); }

Awaitable<> QemuMachine::assign_memory(Bytes size) {
  const std::shared_ptr<MachineState> state = state_;
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const Bytes possible = std::min(size, state->record.memory_at_start);
  co_await qmp::balloon(*client, possible);
  state->record.assigned = possible;
  write_record(state->runtime_directory, state->record);
}

Awaitable<std::vector<model::PortForward>> QemuMachine::forwards() {
  const std::shared_ptr<qmp::Client> client = state_->monitor();
  std::vector<model::PortForward> list;
  for (const qmp::UserForward& forward : co_await qmp::query_user_forwards(*client)) {
    list.push_back({forward.protocol == "udp" ? model::Protocol::udp : model::Protocol::tcp, forward.host_address,
                    forward.host_port, forward.guest_port});
  }
  co_return list;
}

hypervisor::GuestAgent& QemuMachine::agent() { return state_->agent; }

Awaitable<os::Fd> QemuMachine::connect_screen() {
  const std::shared_ptr<MachineState> state = state_;
  const std::shared_ptr<qmp::Client> client = state->monitor();
  require_display(*state);
  std::pair<os::Fd, os::Fd> ends = os::socket_pair();
  co_await qmp::getfd(*client, "viewer", ends.second);
  co_await client->execute("add_client", {{"protocol", "vnc"}, {"fdname", "viewer"}, {"skipauth", true}});
  co_return std::move(ends.first);
}

std::filesystem::path QemuMachine::serial_socket(std::uint32_t port) const {
  return state_->runtime_directory / serial_socket_name(port);
}

std::filesystem::path QemuMachine::serial_log(std::uint32_t port) const {
  return state_->runtime_directory / serial_log_name(port);
}

std::optional<std::uint32_t> QemuMachine::vsock_cid() const {
  const std::uint32_t cid = state_->record.vsock_cid;
  return cid == 0 ? std::nullopt : std::optional(cid);
}
std::vector<std::string> QemuMachine::log_tail(std::size_t lines) const { return log_lines(state_->runtime_directory, lines); }
std::vector<std::string> QemuMachine::arguments() const {
  std::string line = os::read_file_if_any(fmt::format("/proc/{}/cmdline", state_->process.pid())).value_or("");
  if (line.ends_with('\0')) line.pop_back();
  return line.empty() ? std::vector<std::string>() : text::split(line, '\0');
}

void QemuMachine::guest_is_off() {
  state_->expected = true;
  state_->switched_off = true;
  state_->emit({hypervisor::MachineEvent::Kind::shutdown, false, "guest-shutdown"});
  state_->changed.notify_all();
}

bool QemuMachine::monitor_connected() const { return state_->client && state_->client->connected(); }

}  // namespace visor::qemu
