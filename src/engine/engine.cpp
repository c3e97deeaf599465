#include "engine/engine.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "console/thumbnail.h"
#include "engine/machine_change.h"
#include "engine/processor_owners.h"
#include "host/host_checks.h"
#include "host/pinning_planner.h"
#include "loop/process.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr Bytes kGuestFileLimit = 64_MiB;
constexpr std::size_t kLogLines = 200;
constexpr std::size_t kInventoryTasks = 50;

}  // namespace

Engine::Engine(loop::EventLoop& loop, const model::InstancePaths& paths, store::Store& store, storage::Storage& storage,
               hypervisor::Hypervisor& hypervisor)
    : paths_(paths),
      started_at_(std::chrono::system_clock::now()),
      events_(loop.executor()),
      tasks_(loop.executor(), store, events_),
      machines_(paths, store, events_),
      context_{loop.executor(), paths, store, storage, hypervisor, events_, tasks_, machines_},
      guests_(context_),
      power_(context_, guests_),
      images_(context_),
      key_(paths.state_directory / "ssh"),
      profiles_(context_),
      builder_(context_, images_, power_, key_, systems_),
      disks_(context_),
      disk_care_(context_),
      snapshots_(context_, power_),
      clones_(context_, power_),
      volumes_(context_),
      isos_(context_),
      metrics_(context_),
      memory_(context_, "/") {}

Engine::~Engine() = default;

Awaitable<> Engine::open() {
  machines_.load();
  images_.load();
  profiles_.load();
  isos_.open();
  builder_.register_recovery();
  disks_.register_recovery();
  disk_care_.register_recovery();
  clones_.register_recovery();
  images_.register_recovery();
  snapshots_.register_recovery();
  power_.before_start([this](std::string id) { return snapshots_.settle(std::move(id)); });
  power_.register_recovery();
  co_await power_.reattach();
  co_await tasks_.recover();
  power_.start_with_host();
  metrics_.start();
  memory_.start();
}

Awaitable<> Engine::close() {
  co_await memory_.close();
  co_await metrics_.close();
  machines_.keep_histories();
  co_await tasks_.close();
  co_await guests_.close();
  co_await power_.close();
}

// --- host and inventory -----------------------------------------------------------------------------------------------------

Awaitable<model::Host> Engine::host() {
  model::Host host = host_reader_.read(paths_.state_directory);
  try {
    host.qemu = co_await context_.hypervisor.probe();
  } catch (const Error& error) {
    // A host without QEMU is shown as one that has none; starting a machine says what to install.
    if (error.kind() != ErrorKind::unsupported) throw;
  }
  host.instance.mode = ::geteuid() == 0 ? "system" : "user";
  host.instance.state_directory = paths_.state_directory.native();
  host.instance.runtime_directory = paths_.runtime_directory.native();
  host.instance.version = VISOR_VERSION;
  host.instance.started_at = started_at_;
  co_return host;
}

Awaitable<model::HostTopology> Engine::host_topology() {
  model::HostTopology topology = co_await topology_.read();
  topology.owners = processor_owners(machines_.all());
  co_return topology;
}

Awaitable<std::vector<model::HostCheck>> Engine::host_checks() {
  std::vector<model::HostCheck> checks = co_await context_.hypervisor.checks();
  co_await loop::run_blocking([&checks] {
    std::vector<model::HostCheck> others = host::HostChecks().read();
    std::move(others.begin(), others.end(), std::back_inserter(checks));
  });
  std::stable_sort(checks.begin(), checks.end(),
                   [](const model::HostCheck& a, const model::HostCheck& b) { return a.feature < b.feature; });
  co_return checks;
}

Awaitable<Inventory> Engine::inventory() {
  Inventory inventory;
  inventory.host = co_await host();
  // Taken after the last wait, so that the sequence fits the objects.
  inventory.sequence = events_.last_sequence();
  for (MachineEntry* entry : machines_.all()) inventory.machines.push_back(machines_.written(*entry));
  inventory.images = images_.list();
  inventory.tasks = tasks_.list();
  if (inventory.tasks.size() > kInventoryTasks) inventory.tasks.resize(kInventoryTasks);
  co_return inventory;
}

// --- machines ---------------------------------------------------------------------------------------------------------------

std::vector<model::HostStopEntry> Engine::preview_stop_for_host() { return power_.preview_stop_for_host(); }
Awaitable<model::Task> Engine::stop_for_host() { co_return power_.stop_for_host(); }

std::vector<model::Machine> Engine::machines() {
  std::vector<model::Machine> all;
  for (const MachineEntry* entry : machines_.all()) all.push_back(machines_.view(*entry));
  return all;
}

model::Machine Engine::machine(const std::string& name) { return machines_.view(machines_.by_name(name)); }
Awaitable<model::MachinePreview> Engine::preview_create(model::CreateRequest request) {
  return builder_.preview(std::move(request));
}
Awaitable<model::Task> Engine::create(model::CreateRequest request) { return builder_.create(std::move(request)); }
Awaitable<model::ChangeResult> Engine::change(std::string name, boost::json::object patch, ChangeOptions options) {
  return change_machine(context_, std::move(name), std::move(patch), options);
}
model::RemovalPreview Engine::preview_remove(const std::string& name) { return builder_.preview_remove(name); }
Awaitable<model::Task> Engine::remove(std::string name, bool force) { co_return builder_.remove(name, force); }
Awaitable<model::Task> Engine::start(std::string name, model::StartRequest request) {
  co_return power_.start(name, std::move(request));
}
Awaitable<model::Task> Engine::stop(std::string name, model::StopRequest request) { co_return power_.stop(name, request); }
Awaitable<model::Task> Engine::restart(std::string name, model::StopRequest request) { co_return power_.restart(name, request); }
Awaitable<model::Task> Engine::reset(std::string name) { co_return power_.command(name, model::Action::reset); }
Awaitable<model::Task> Engine::pause(std::string name) { co_return power_.command(name, model::Action::pause); }
Awaitable<model::Task> Engine::resume(std::string name) { co_return power_.command(name, model::Action::resume); }
Awaitable<model::Task> Engine::save(std::string name) { co_return power_.save(name); }
Awaitable<model::Task> Engine::rename(std::string name, model::RenameRequest request) {
  co_return builder_.rename(name, std::move(request));
}
Awaitable<model::Task> Engine::add_disk(std::string name, boost::json::object disk) {
  co_return co_await disks_.add(std::move(name), std::move(disk));
}
Awaitable<model::Task> Engine::remove_disk(std::string name, std::string disk) {
  co_return co_await disks_.remove(std::move(name), std::move(disk));
}
Awaitable<model::Task> Engine::resize_disk(std::string name, std::string disk, model::ResizeRequest request) {
  co_return co_await disks_.resize(std::move(name), std::move(disk), request);
}
Awaitable<model::Task> Engine::check_disk(std::string name, std::string disk, model::DiskCheckRequest request) {
  co_return co_await disk_care_.check(std::move(name), std::move(disk), request);
}
Awaitable<model::Task> Engine::compact_disk(std::string name, std::string disk) {
  co_return co_await disk_care_.compact(std::move(name), std::move(disk));
}
Awaitable<model::Task> Engine::convert_disk(std::string name, std::string disk, model::ConvertRequest request) {
  co_return co_await disk_care_.convert(std::move(name), std::move(disk), request);
}
Awaitable<model::Task> Engine::change_medium(std::string name, std::string disk, model::MediumRequest request) {
  co_return co_await disks_.change_medium(std::move(name), std::move(disk), std::move(request));
}
Awaitable<model::Task> Engine::clone(std::string name, model::CloneRequest request) {
  co_return clones_.clone(name, std::move(request));
}
Awaitable<model::Task> Engine::publish(std::string name, model::PublishRequest request) {
  co_return images_.publish(name, std::move(request));
}
Awaitable<std::vector<model::Volume>> Engine::volumes() { return volumes_.list(); }
Awaitable<> Engine::remove_volume(std::string name) { return volumes_.remove(std::move(name)); }

Awaitable<std::vector<model::Iso>> Engine::isos() { return isos_.list(); }
Awaitable<model::Task> Engine::build_iso(model::IsoRequest request) { return isos_.build(std::move(request)); }
Awaitable<> Engine::remove_iso(std::string name) { return isos_.remove(std::move(name)); }

model::MetricsWindow Engine::metrics(const std::string& name, model::MetricsRange range) {
  const MachineEntry& entry = machines_.by_name(name);
  model::MetricsWindow window{.interval_seconds = static_cast<std::uint32_t>(MetricsHistory::interval(range).count())};
  window.samples = machines_.samples(entry, range);
  return window;
}

model::MemoryReport Engine::memory(const std::string& name) { return memory_.report(name); }

std::vector<std::string> Engine::log(const std::string& name) {
  const MachineEntry& entry = machines_.by_name(name);
  if (entry.running) return entry.running->log_tail(kLogLines);
  return text::last_lines(entry.reason, kLogLines);
}

Awaitable<model::CommandLine> Engine::command_line(std::string name) {
  hypervisor::MachineDefinition definition = co_await power_.define(machines_.by_name(name));
  model::CommandLine line = co_await context_.hypervisor.command_line(std::move(definition));
  const MachineEntry& entry = machines_.by_name(name);
  if (entry.running) line.running = entry.running->arguments();
  co_return line;
}

Awaitable<model::ProcessorReport> Engine::processor(std::string name) {
  hypervisor::MachineDefinition definition = co_await power_.define(machines_.by_name(name));
  const MachineEntry& entry = machines_.by_name(name);
  const bool running = entry.running != nullptr;
  if (running) definition.spec = entry.running->running_spec();
  model::ProcessorReport report = co_await context_.hypervisor.processor(std::move(definition));
  report.running = running;
  co_return report;
}

Awaitable<model::PinningProposal> Engine::propose_pinning(std::string name, model::PinningGoal goal) {
  const model::HostTopology topology = co_await topology_.read();
  const std::vector<host::PinningClaim> claims = pinning_claims(processor_owners(machines_.all()), name);
  const model::Cpu cpu = machines_.by_name(name).record.spec.cpu;
  const host::PinningPlan plan =
      host::plan_pinning(topology, claims, {.vcpus = cpu.count, .threads = std::max(cpu.topology.threads, 1U), .goal = goal});
  model::PinningProposal proposal{{}, plan.node, plan.reasons, plan.warnings};
  for (const std::uint32_t processor : plan.processors) proposal.pinning.vcpus.push_back(std::to_string(processor));
  co_return proposal;
}

Awaitable<std::vector<model::MachineSetting>> Engine::machine_settings(std::string name) {
  const model::MachineSpec spec = machines_.by_name(name).record.spec;
  std::map<std::string, std::string> unavailable = co_await context_.hypervisor.unavailable(spec);
  const boost::json::value root = json::to_json(spec);
  std::vector<model::MachineSetting> list;
  for (const model::Setting& setting : model::settings()) {
    if (setting.key.find("[]") != std::string::npos) continue;
    model::MachineSetting one{setting.key, model::setting_value(root, setting.key), unavailable[setting.key], {}};
    for (const std::string& value : setting.values) {
      const auto reason = unavailable.find(setting.key + "=" + value);
      if (reason != unavailable.end()) one.unavailable_values.push_back({value, reason->second});
    }
    list.push_back(std::move(one));
  }
  co_return list;
}

// --- screen, serial, guest --------------------------------------------------------------------------------------------------

Awaitable<std::string> Engine::screenshot(std::string name, unsigned width) {
  MachineEntry& entry = machines_.by_name(name);
  hypervisor::RunningMachine& running = require_running(entry);
  require_allowed(entry, model::Action::screenshot);
  std::string png = co_await running.screenshot_png();
  if (width == 0) co_return png;
  co_await loop::run_blocking([&png, width] { png = console::scale_png(png, width); });
  co_return png;
}

Awaitable<os::Fd> Engine::connect_screen(std::string name) {
  co_return co_await require_running(machines_.by_name(name)).connect_screen();
}

namespace {

/// The engine's words for a session of the console's hub.
class HubSession : public SerialSession {
 public:
  explicit HubSession(std::unique_ptr<console::SerialSession> session) : session_(std::move(session)) {}
  Awaitable<std::string> read() override { return session_->read(); }
  Awaitable<> write(std::string bytes) override { return session_->write(std::move(bytes)); }

 private:
  std::unique_ptr<console::SerialSession> session_;
};

}  // namespace

Awaitable<std::unique_ptr<SerialSession>> Engine::connect_serial(std::string name, std::uint32_t port) {
  MachineEntry& entry = machines_.by_name(name);
  require_running(entry);
  if (port >= entry.serials.size()) {
    throw Error(ErrorKind::not_found, "machine.no_serial_port",
                fmt::format("The machine '{}' runs with {} serial ports: there is no port {}, they count from 0.", name,
                            entry.serials.size(), port),
                fmt::format("`visor set {} serialPorts={}` adds it at the next start.", name, port + 1));
  }
  co_return std::make_unique<HubSession>(entry.serials[port]->open());
}

hypervisor::GuestAgent& Engine::require_agent(const std::string& name) {
  MachineEntry& entry = machines_.by_name(name);
  require_allowed(entry, model::Action::exec);
  if (!entry.record.spec.guest_agent) {
    throw Error(ErrorKind::conflict, "guest.agent_disabled", fmt::format("The machine '{}' has no port for a guest agent.", name),
                fmt::format("Switch it on with `visor set {} guestAgent=true` and restart it.", name));
  }
  return require_running(entry).agent();
}

namespace {

void check_exec(const model::ExecRequest& request) {
  Validation validation;
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (request.command.empty()) validation.refuse("command", "missing", "There is no command to run.");
  for (const std::string& word : request.command) {
    if (has_nul(word)) validation.refuse("command", "characters", "A command cannot contain NUL characters.");
  }
  for (const std::string& variable : request.environment) {
    const std::size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos || has_nul(variable)) {
      validation.refuse("environment", "format", fmt::format("'{}' is not of the form NAME=VALUE.", text::printable(variable)));
    }
  }
  validation.throw_if_failed("exec.invalid");
}

void check_guest_path(const std::string& path) {
  if (path.starts_with('/') && path.find('\0') == std::string::npos && path.size() <= 4096) return;
  throw Error(ErrorKind::invalid, "guest.bad_path",
              fmt::format("'{}' is not an absolute path in the guest.", text::printable(path.substr(0, 200))));
}

bool is_octal_mode(const std::string& mode) {
  return mode.size() >= 3 && mode.size() <= 4 && mode.find_first_not_of("01234567") == std::string::npos;
}

}  // namespace

Awaitable<model::ExecResult> Engine::exec(std::string name, model::ExecRequest request) {
  check_exec(request);
  hypervisor::GuestAgent& agent = require_agent(name);
  request.input = text::base64_decode(request.input);
  model::ExecResult result = co_await agent.exec(std::move(request));
  result.stdout_ = text::base64_encode(result.stdout_);
  result.stderr_ = text::base64_encode(result.stderr_);
  co_return result;
}

Awaitable<std::string> Engine::read_guest_file(std::string name, std::string path) {
  check_guest_path(path);
  co_return co_await require_agent(name).read_file(std::move(path), kGuestFileLimit);
}

Awaitable<> Engine::write_guest_file(std::string name, std::string path, std::string content, std::string mode) {
  check_guest_path(path);
  if (!mode.empty() && !is_octal_mode(mode)) {
    throw Error(ErrorKind::invalid, "guest.bad_mode",
                fmt::format("'{}' are not permissions in octal, such as 0644.", text::printable(mode.substr(0, 20))));
  }
  co_await require_agent(name).write_file(path, std::move(content));
  if (mode.empty()) co_return;
  // The agent's file commands know no permissions.
  model::ExecRequest chmod;
  chmod.command = {"chmod", mode, "--", path};
  const model::ExecResult result = co_await require_agent(name).exec(std::move(chmod));
  if (result.exit_code != 0) {
    throw Error(ErrorKind::conflict, "guest.file_error",
                fmt::format("The file was written, but its permissions could not be set: {}",
                            text::printable(result.stderr_.substr(0, 300))));
  }
}

Awaitable<model::SshAccess> Engine::ssh(std::string name) {
  MachineEntry& entry = machines_.by_name(name);
  model::SshAccess access;
  access.user = entry.record.ssh_user.empty() ? "root" : entry.record.ssh_user;
  access.identity_file = key_.private_file().native();
  access.known_hosts_file = (paths_.machine_state(entry.record.id) / "known_hosts").native();
  for (const model::PortForward& forward : co_await require_running(entry).forwards()) {
    if (forward.guest_port != 22 || forward.protocol != model::Protocol::tcp) continue;
    access.host = forward.host_address;
    access.port = forward.host_port;
    co_return access;
  }
  throw Error(ErrorKind::conflict, "machine.no_ssh_forward",
              fmt::format("No port of this host leads to the SSH port of '{}'.", name),
              "Add a forward to guest port 22 to one of its network adapters.");
}

// --- images, tasks, events ----------------------------------------------------------------------------------------------------

std::vector<model::Image> Engine::images() { return images_.list(); }
std::vector<model::BuildableImage> Engine::buildable_images() { return images_.buildable(); }
model::Image Engine::image(const std::string& name) { return images_.get(name); }
Awaitable<model::Task> Engine::build_image(model::BuildRequest request) { co_return images_.build(std::move(request)); }
Awaitable<model::Task> Engine::import_image(model::ImportRequest request) { co_return images_.import(std::move(request)); }
Awaitable<model::Task> Engine::remove_image(std::string name) { co_return images_.remove(name); }

std::vector<model::Task> Engine::tasks() { return tasks_.list(); }
model::Task Engine::task(const std::string& id) { return tasks_.get(id); }
Awaitable<model::Task> Engine::wait_task(std::string id, std::chrono::milliseconds timeout) {
  return tasks_.wait(std::move(id), timeout);
}
model::Task Engine::cancel_task(const std::string& id) { return tasks_.cancel(id); }

std::unique_ptr<EventReader> Engine::events(std::optional<std::uint64_t> since) { return events_.reader(since); }

}  // namespace visor::engine
