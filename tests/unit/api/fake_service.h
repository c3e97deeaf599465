// The use cases of Visor in memory: machines that "run" at once, tasks that end at once, a serial port that echoes.
#pragma once

#include <sys/socket.h>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/service.h"
#include "loop/event_loop.h"
#include "loop/sync.h"

namespace visor::api {

/// What the fake's coroutines share with readers that may outlive a call.
struct FakeEvents {
  explicit FakeEvents(boost::asio::any_io_executor executor) : changed(std::move(executor)) {}
  std::vector<engine::Event> events;
  std::uint64_t oldest = 1;  ///< older ones are forgotten
  loop::Notifier changed;
};

class FakeEventReader : public engine::EventReader {
 public:
  FakeEventReader(std::shared_ptr<FakeEvents> source, std::uint64_t after) : source_(std::move(source)), after_(after) {}
  Awaitable<std::optional<engine::Event>> next(std::chrono::milliseconds timeout) override {
    const std::shared_ptr<FakeEvents> source = source_;
    if (after_ + 1 < source->oldest) {
      after_ = source->events.size();
      co_return engine::Event{after_, "resync", "{}"};
    }
    if (after_ >= source->events.size()) co_await source->changed.wait(timeout);
    if (after_ >= source->events.size()) co_return std::nullopt;
    co_return source->events[after_++];
  }

 private:
  std::shared_ptr<FakeEvents> source_;
  std::uint64_t after_;
};

class FakeSerial : public engine::SerialSession {
 public:
  explicit FakeSerial(boost::asio::any_io_executor executor) : changed_(std::move(executor)) {}
  Awaitable<std::string> read() override {
    while (waiting_.empty() && !ended_) co_await changed_.wait(std::chrono::seconds(1));
    co_return std::exchange(waiting_, {});
  }
  Awaitable<> write(std::string bytes) override {
    if (bytes == "poweroff") ended_ = true;
    if (!ended_) waiting_ += "echo:" + bytes;
    changed_.notify_all();
    co_return;
  }

 private:
  std::string waiting_ = "printed before\n";
  bool ended_ = false;
  loop::Notifier changed_;
};

class FakeService : public engine::Service {
 public:
  explicit FakeService(boost::asio::any_io_executor executor)
      : executor_(executor), events_(std::make_shared<FakeEvents>(executor)), task_changed_(executor) {
    add_machine("hello");
    model::Image image;
    image.id = make_uuid();
    image.name = "debian/12";
    images_[image.name] = image;
  }

  model::Machine& add_machine(const std::string& name) {
    model::Machine machine;
    machine.id = make_uuid();
    machine.name = name;
    machine.spec.disks.push_back({.id = "disk0"});
    machine.spec.nics.push_back({.id = "nic0"});
    machine.metrics = model::Sample{.cpu_percent = 12.5, .vcpu_percent = {25, 0}, .memory_used = 1_MiB, .net_receive_rate = 3};
    machine.state.status = model::Status::running;
    machine.state.process_id = 4711;
    return machines_[name] = machine;
  }
  void emit(const std::string& type, const std::string& data) {
    events_->events.push_back({events_->events.size() + 1, type, data});
    events_->changed.notify_all();
  }
  void forget_events_before(std::uint64_t sequence) { events_->oldest = sequence; }

  Awaitable<engine::Inventory> inventory() override {
    engine::Inventory inventory{events_->events.size(), fake_host(), {}, images(), tasks_};
    for (const auto& [name, machine] : machines_) inventory.machines.push_back(json::write(machine));
    co_return inventory;
  }
  Awaitable<model::Host> host() override { co_return fake_host(); }
  std::vector<model::HostStopEntry> preview_stop_for_host() override { return {{"hello", model::HostStopAction::save, 60, 1}}; }
  Awaitable<model::Task> stop_for_host() override { co_return make_task("host.stopMachines", "host"); }
  Awaitable<std::vector<model::HostCheck>> host_checks() override {
    co_return std::vector<model::HostCheck>{{.id = "ksm", .state = model::CheckState::off, .reason = "It is off."}};
  }
  Awaitable<model::HostTopology> host_topology() override {
    model::HostTopology topology{
        .model = "Fake", .packages = {{0, {0}}}, .nodes = {{.id = 0, .distances = {10}, .processors = {0}}}};
    topology.l3_groups = {{0, 32_MiB, {0}}};
    topology.cores = {{.id = 0, .node = 0, .l3 = 0, .kind = model::CoreKind::lowPower, .processors = {0}}};
    topology.processors = {{.id = 0, .core = 0, .load_percent = 12.5}, {.id = 1, .online = false}};
    co_return topology;
  }

  std::vector<model::Machine> machines() override {
    std::vector<model::Machine> list;
    for (const auto& [name, machine] : machines_) list.push_back(machine);
    return list;
  }
  model::Machine machine(const std::string& name) override { return find(name); }
  Awaitable<model::MachinePreview> preview_create(model::CreateRequest request) override {
    model::MachinePreview preview;
    preview.machine.name = request.name;
    preview.preset.push_back({"cpu.count", 4, "Because."});
    co_return preview;
  }
  Awaitable<std::vector<model::OperatingSystem>> operating_systems() override {
    co_return std::vector<model::OperatingSystem>{{.id = "win11", .drivers = {model::GuestDriver::e1000e}}};
  }
  Awaitable<model::SystemPreset> operating_system(std::string id) override {
    if (id != "win11") throw Error(ErrorKind::not_found, "os.not_found", "No such system.");
    co_return model::SystemPreset{{.id = id}, {{"chipset", "q35", "Because."}}};
  }
  std::vector<model::Profile> profiles() override { return model::built_in_profiles(); }
  model::Profile profile(const std::string& name) override {
    if (name != "gaming") throw Error(ErrorKind::not_found, "profile.not_found", "No such profile.");
    return model::built_in_profiles().front();
  }
  model::Profile create_profile(model::ProfileRequest request) override { return {request.name, "", false, request.spec}; }
  void remove_profile(const std::string& name) override { profile(name); }
  Awaitable<model::ChangeResult> apply_profile(std::string, std::string machine, engine::ChangeOptions options) override {
    co_return co_await change(std::move(machine), {}, options);
  }
  Awaitable<model::Task> create(model::CreateRequest request) override {
    if (machines_.contains(request.name)) throw Error(ErrorKind::conflict, "machine.exists", "There is one already.");
    add_machine(request.name).description = request.description;
    co_return make_task("machine.create", request.name);
  }
  Awaitable<model::ChangeResult> change(std::string name, boost::json::object patch, engine::ChangeOptions options) override {
    model::Machine& machine = find(name);
    if (options.expected_revision && *options.expected_revision != machine.revision) {
      throw Error(ErrorKind::precondition, "machine.changed", "Somebody else changed it meanwhile.");
    }
    model::Machine changed = machine;
    changed.description = std::string(patch.at("description").as_string());
    ++changed.revision;
    model::ChangeResult result;
    result.applied.push_back({"description", json::to_json(machine.description), json::to_json(changed.description), ""});
    result.machine = changed;
    if (!options.dry_run) machine = changed;
    co_return result;
  }
  model::RemovalPreview preview_remove(const std::string& name) override { return {{"/volumes/" + find(name).name}, false}; }
  Awaitable<model::Task> remove(std::string name, bool force) override {
    if (!force && find(name).state.status == model::Status::running) {
      throw Error(ErrorKind::conflict, "machine.running", "It runs.", "Stop it, or use force.");
    }
    machines_.erase(find(name).name);
    co_return make_task("machine.delete", name);
  }
  Awaitable<model::Task> start(std::string name, model::StartRequest request) override {
    find(name).state.status = model::Status::running;
    co_return make_task("machine.start." + request.wait, name);
  }
  Awaitable<model::Task> stop(std::string name, model::StopRequest request) override {
    find(name).state.status = model::Status::stopped;
    co_return make_task(request.force ? "machine.kill" : "machine.stop", name);
  }
  Awaitable<model::Task> restart(std::string name, model::StopRequest) override {
    co_return make_task("machine.restart", find(name).name);
  }
  Awaitable<model::Task> reset(std::string name) override { co_return make_task("machine.reset", find(name).name); }
  Awaitable<model::Task> pause(std::string name) override { co_return make_task("machine.pause", find(name).name); }
  Awaitable<model::Task> resume(std::string name) override { co_return make_task("machine.resume", find(name).name); }
  Awaitable<model::Task> save(std::string name) override { co_return make_task("machine.save", find(name).name); }
  Awaitable<model::Task> add_disk(std::string name, boost::json::object) override {
    co_return make_task("machine.add-disk", find(name).name);
  }
  Awaitable<model::Task> remove_disk(std::string name, std::string) override {
    co_return make_task("machine.remove-disk", find(name).name);
  }
  Awaitable<model::Task> check_disk(std::string name, std::string, model::DiskCheckRequest) override {
    co_return make_task("machine.check-disk", find(name).name);
  }
  Awaitable<model::Task> compact_disk(std::string name, std::string) override {
    co_return make_task("machine.compact-disk", find(name).name);
  }
  Awaitable<model::Task> convert_disk(std::string name, std::string, model::ConvertRequest) override {
    co_return make_task("machine.convert-disk", find(name).name);
  }
  Awaitable<model::Task> resize_disk(std::string name, std::string, model::ResizeRequest) override {
    co_return make_task("machine.resize-disk", find(name).name);
  }
  Awaitable<model::Task> change_medium(std::string name, std::string, model::MediumRequest) override {
    co_return make_task("machine.insert", find(name).name);
  }
  Awaitable<model::Task> clone(std::string name, model::CloneRequest request) override {
    model::Machine copy = find(name);
    copy.id = make_uuid();
    copy.name = request.name;
    machines_[copy.name] = copy;
    co_return make_task("machine.clone", request.name);
  }
  Awaitable<model::Task> publish(std::string name, model::PublishRequest request) override {
    find(name);
    images_[request.name].name = request.name;
    co_return make_task("image.publish", request.name);
  }
  Awaitable<std::vector<model::Volume>> volumes() override {
    co_return std::vector<model::Volume>{{.name = "a-disk0.qcow2", .used = 1_MiB, .machine = "hello", .disk = "disk0"},
                                         {.name = "old.raw", .orphan = true}};
  }
  Awaitable<std::vector<model::Iso>> isos() override {
    co_return std::vector<model::Iso>{
        {.name = "tools", .path = "/isos/tools.iso", .size = 1_MiB, .created = {}, .used_by = {"hello"}}};
  }
  Awaitable<model::Task> build_iso(model::IsoRequest request) override {
    if (request.folder.empty()) throw Error(ErrorKind::not_found, "iso.no_folder", "There is no folder ''.");
    co_return make_task("iso.build", request.name);
  }
  Awaitable<> remove_iso(std::string name) override {
    if (name != "old") throw Error(ErrorKind::conflict, "iso.in_use", "It is in a drive.");
    co_return;
  }
  Awaitable<> remove_volume(std::string name) override {
    if (name != "old.raw") throw Error(ErrorKind::conflict, "volume.in_use", "It is needed.");
    co_return;
  }
  Awaitable<model::Task> rename(std::string name, model::RenameRequest request) override {
    model::Machine machine = find(name);
    machines_.erase(name);
    machine.name = request.name;
    machines_[request.name] = machine;
    co_return make_task("machine.rename", request.name);
  }

  model::SnapshotTree snapshots(const std::string& machine) override {
    return {{snapshot(machine, "clean")}, "clean", true, 1_MiB};
  }
  model::Snapshot snapshot(const std::string& machine, const std::string& name) override {
    find(machine);
    if (name != "clean") throw Error(ErrorKind::not_found, "snapshot.not_found", "No such snapshot.");
    return {.id = "1", .name = name, .parent = "", .current = true, .size = 2_MiB, .disks = {"disk0"}};
  }
  Awaitable<model::Task> create_snapshot(std::string machine, model::SnapshotRequest) override {
    co_return make_task("snapshot.create", find(machine).name);
  }
  model::Snapshot change_snapshot(const std::string& machine, const std::string& name, model::SnapshotChange wanted) override {
    model::Snapshot changed = snapshot(machine, name);
    changed.name = wanted.name.value_or(changed.name);
    return changed;
  }
  Awaitable<model::Task> restore_snapshot(std::string machine, std::string name, model::RestoreRequest request) override {
    snapshot(machine, name);
    if (!request.discard) throw Error(ErrorKind::conflict, "snapshot.would_lose", "Something would be lost.");
    co_return make_task("snapshot.restore", machine);
  }
  Awaitable<model::SnapshotRemoval> preview_remove_snapshot(std::string machine, std::string name, bool branch) override {
    snapshot(machine, name);
    co_return model::SnapshotRemoval{{name}, {}, branch, {"/a"}, 1_MiB};
  }
  Awaitable<model::Task> remove_snapshot(std::string machine, std::string name, bool) override {
    snapshot(machine, name);
    co_return make_task("snapshot.delete", machine);
  }
  Awaitable<std::string> snapshot_screenshot(std::string machine, std::string name) override {
    snapshot(machine, name);
    co_return "\x89PNG";
  }

  model::MetricsWindow metrics(const std::string& name, model::MetricsRange range) override {
    return {.interval_seconds = range == model::MetricsRange::day ? 900U : 2U, .samples = {*find(name).metrics}};
  }
  std::vector<std::string> log(const std::string& name) override { return {"log of " + find(name).name}; }
  Awaitable<model::CommandLine> command_line(std::string name) override {
    if (name == "boom") throw std::runtime_error("not an Error");
    co_return model::CommandLine{"/usr/bin/qemu-system-x86_64", {{"-name", find(name).name, "name", {}, ""}}, {}, {}};
  }
  Awaitable<model::ProcessorReport> processor(std::string name) override {
    find(name);
    co_return model::ProcessorReport{"EPYC", "AuthenticAMD",   false,
                                     false,  {"avx2", "sse2"}, {{"x86-64-v2", "", false, {"avx2"}}}};
  }
  model::MemoryReport memory(const std::string& name) override { return find(name), model::MemoryReport(); }
  Awaitable<model::PinningProposal> propose_pinning(std::string name, model::PinningGoal goal) override {
    find(name);
    co_return model::PinningProposal{{{"0"}, "", false, ""}, 0, {json::enum_name(goal)}, {}};
  }
  Awaitable<std::vector<model::MachineSetting>> machine_settings(std::string name) override {
    co_return std::vector<model::MachineSetting>{{"cpu.count", find(name).spec.cpu.count, "", {}}};
  }
  Awaitable<std::string> screenshot(std::string name, unsigned width) override {
    co_return "PNG of " + find(name).name + " at " + std::to_string(width);
  }
  Awaitable<os::Fd> connect_screen(std::string name) override {
    find(name);
    int ends[2] = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw system_error("socketpair", errno);
    screen = os::Fd(ends[1]);
    co_return os::Fd(ends[0]);
  }
  Awaitable<std::unique_ptr<engine::SerialSession>> connect_serial(std::string name, std::uint32_t /*port*/) override {
    if (name == "off") throw Error(ErrorKind::conflict, "machine.not_running", "It does not run.");
    find(name);
    co_return std::make_unique<FakeSerial>(executor_);
  }
  Awaitable<model::ExecResult> exec(std::string name, model::ExecRequest request) override {
    find(name);
    co_return model::ExecResult{.exit_code = 3, .stdout_ = text::base64_encode(request.command.at(0))};
  }
  Awaitable<std::string> read_guest_file(std::string name, std::string path) override {
    find(name);
    co_return files.at(path);
  }
  Awaitable<> write_guest_file(std::string name, std::string path, std::string content, std::string /*mode*/) override {
    find(name);
    files[path] = std::move(content);
    co_return;
  }
  Awaitable<model::SshAccess> ssh(std::string name) override {
    co_return model::SshAccess{"visor", "127.0.0.1", 40022, "/" + name, "/k"};
  }

  std::vector<model::Image> images() override {
    std::vector<model::Image> list;
    for (const auto& [name, image] : images_) list.push_back(image);
    return list;
  }
  std::vector<model::BuildableImage> buildable_images() override { return {{"debian/12", "Debian 12"}}; }
  model::Image image(const std::string& name) override {
    const auto found = images_.find(name);
    if (found == images_.end()) throw Error(ErrorKind::not_found, "image.not_found", "There is no image '" + name + "'.");
    return found->second;
  }
  Awaitable<model::Task> build_image(model::BuildRequest request) override { co_return make_task("image.build", request.name); }
  Awaitable<model::Task> import_image(model::ImportRequest request) override {
    co_return make_task("image.import", request.name);
  }
  Awaitable<model::Task> remove_image(std::string name) override {
    images_.erase(image(name).name);
    co_return make_task("image.delete", name);
  }

  std::vector<model::Task> tasks() override { return {tasks_.rbegin(), tasks_.rend()}; }
  model::Task task(const std::string& id) override {
    for (const model::Task& one : tasks_) {
      if (one.id == id) return one;
    }
    throw Error(ErrorKind::not_found, "task.not_found", "There is no task " + id + ".");
  }
  Awaitable<model::Task> wait_task(std::string id, std::chrono::milliseconds timeout) override {
    if (task(id).state == model::TaskState::running) co_await task_changed_.wait(timeout);
    co_return task(id);
  }
  model::Task cancel_task(const std::string& id) override {
    task(id);
    for (model::Task& one : tasks_) {
      if (one.id == id) one.state = model::TaskState::cancelled;
    }
    task_changed_.notify_all();
    return task(id);
  }
  std::unique_ptr<engine::EventReader> events(std::optional<std::uint64_t> since) override {
    return std::make_unique<FakeEventReader>(events_, since.value_or(events_->events.size()));
  }

  os::Fd screen;  ///< the machine's end of the last screen connection
  std::map<std::string, std::string> files{{"/etc/hostname", "guest\n"}};
  model::TaskState next_task_state = model::TaskState::succeeded;

 private:
  model::Machine& find(const std::string& name) {
    const auto found = machines_.find(name);
    if (found == machines_.end())
      throw Error(ErrorKind::not_found, "machine.not_found", "There is no machine named '" + name + "'.");
    return found->second;
  }
  model::Task make_task(const std::string& kind, const std::string& name) {
    model::Task task;
    task.id = make_uuid();
    task.kind = kind;
    task.subject = {"machine", name};
    task.state = next_task_state;
    task.steps.push_back({.title = "Do it", .started = WallTime{}});
    tasks_.push_back(task);
    return task;
  }
  static model::Host fake_host() {
    model::Host host;
    host.hostname = "lab";
    host.load = {1, 0.5, 0.25};
    host.qemu.push_back({.path = "/usr/bin/qemu-system-x86_64", .accelerators = {{"kvm", false, "It lies."}}});
    return host;
  }

  boost::asio::any_io_executor executor_;
  std::map<std::string, model::Machine> machines_;
  std::map<std::string, model::Image> images_;
  std::vector<model::Task> tasks_;
  std::shared_ptr<FakeEvents> events_;
  loop::Notifier task_changed_;
};

}  // namespace visor::api
