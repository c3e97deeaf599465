#include "engine/clones.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "deploy/seed_copy.h"
#include "engine/occupied.h"
#include "loop/process.h"
#include "model/validate.h"
#include "os/file.h"
#include "storage/copy_file.h"
#include "storage/copy_volume.h"

namespace visor::engine {
namespace {

constexpr std::uint32_t kMostAtOnce = 64;
constexpr std::size_t kDescriptionLimit = 4096;
/// For what a clone needs besides its disks: seed, firmware variables, the record.
constexpr Bytes kSpare = 16_MiB;
constexpr std::chrono::minutes kStartPatience{10};
constexpr const char* kMakeClonesStep = "Copy disks";
constexpr const char* kRenewStep = "Give a new identity";
constexpr const char* kStartClonesStep = "Start";

std::vector<std::string> names_of(const model::CloneRequest& request) {
  if (request.count == 1) return {request.name};
  std::vector<std::string> names;
  for (std::uint32_t i = 1; i <= request.count; ++i) names.push_back(fmt::format("{}-{}", request.name, i));
  return names;
}

std::vector<std::string> checked_names(const model::CloneRequest& request) {
  Validation validation;
  if (request.count < 1 || request.count > kMostAtOnce)
    validation.refuse("count", "out_of_range", "Between 1 and 64 clones can be made at once.");
  if (request.description) model::check_text(*request.description, kDescriptionLimit, "description", validation);
  model::check_machine_name(request.name, "name", validation);
  validation.throw_if_failed("clone.invalid");
  std::vector<std::string> names = names_of(request);
  // With a number at its end a long name may have become too long.
  model::check_machine_name(names.back(), "name", validation);
  validation.throw_if_failed("clone.invalid");
  return names;
}

/// The files in which a hypervisor keeps what the firmware remembers: boot entries, keys of Secure Boot.
bool holds_firmware_variables(const std::filesystem::path& file) {
  return file.filename().native().starts_with("nvram") && file.extension() == ".fd";
}

/// The TPM's state stays behind: two machines with one endorsement key could not be told apart, and what is sealed in it (the key of
/// an encrypted disk) was meant for one of them.
void copy_firmware_variables(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.is_regular_file() && holds_firmware_variables(entry.path()))
      storage::copy_small_file(entry.path(), to / entry.path().filename());
  }
}

std::vector<const model::Disk*> volumes_of(const MachineRecord& record) {
  std::vector<const model::Disk*> disks;
  for (const model::Disk& disk : record.spec.disks) {
    if (!disk.volume.empty()) disks.push_back(&disk);
  }
  return disks;
}

}  // namespace

/// One request. Its names are taken for as long as it lives.
struct Clones::Order {
  Order(std::shared_ptr<std::set<std::string>> taken, std::vector<std::string> wanted)
      : coming(std::move(taken)), names(std::move(wanted)) {
    coming->insert(names.begin(), names.end());
  }
  ~Order() {
    for (const std::string& name : names) coming->erase(name);
  }
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;

  std::shared_ptr<std::set<std::string>> coming;
  std::vector<std::string> names;
  std::string source_id;
  model::CloneRequest request;
};

Clones::Clones(Context& context, MachinePower& power) : context_(context), power_(power) {}

void Clones::require_free(const std::string& name) const {
  if (!context_.machines.name_taken(name)) return;
  throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", name),
              "Choose another name.");
}

model::Task Clones::clone(const std::string& source, model::CloneRequest request) {
  const MachineEntry& entry = context_.machines.by_name(source);
  std::vector<std::string> names = checked_names(request);
  require_allowed(entry, model::Action::clone);
  require_copyable(entry.record);
  for (const std::string& name : names) {
    require_free(name);
    if (!coming_->contains(name)) continue;
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("A machine named '{}' is being made just now.", name),
                "Choose another name.");
  }
  TaskDescription description;
  description.kind = "machine.clone";
  description.title = names.size() == 1 ? fmt::format("Clone {} as {}", source, names.front())
                                        : fmt::format("Clone {} as {} to {}", source, names.front(), names.back());
  description.subject = {"machine", names.front()};
  description.steps = {kMakeClonesStep, kRenewStep};
  if (request.start) description.steps.emplace_back(kStartClonesStep);
  description.queue = entry.record.id;
  const auto order = std::make_shared<Order>(coming_, std::move(names));
  order->source_id = entry.record.id;
  order->request = std::move(request);
  return context_.tasks.start(std::move(description),
                              [this, order](TaskRun& run) -> Awaitable<boost::json::object> { return this->run(run, order); });
}

Awaitable<boost::json::object> Clones::run(TaskRun& run, std::shared_ptr<Order> order) {
  co_await make(run, order);
  // They exist from here on, whatever becomes of their first start.
  run.keep();
  run.leave_queue();
  if (order->request.start) co_await start_all(run, order->names);
  co_return boost::json::object{{"machine", order->names.front()}, {"machines", json::to_json(order->names)}};
}

Awaitable<> Clones::make(TaskRun& run, std::shared_ptr<Order> order) {
  run.step(kMakeClonesStep);
  const Occupied occupied(context_, order->source_id, run.id());
  const MachineEntry& entry = require_machine(context_, order->source_id);
  // It may have been started or changed while this task waited for its turn.
  require_allowed(entry, model::Action::clone);
  require_copyable(entry.record);
  const MachineRecord source = entry.record;
  for (const std::string& note : clone_notes(source)) run.log(note);
  std::vector<CloneRecord> clones;
  for (const std::string& name : order->names) {
    require_free(name);
    clones.push_back(clone_record(source, name, order->request.description));
  }
  for (const CloneRecord& clone : clones) {
    for (const model::Disk* disk : volumes_of(clone.record))
      run.undo("remove_path", (context_.paths.volumes() / disk->volume).native());
    run.undo("remove_path", context_.paths.machine_state(clone.record.id).native());
  }
  co_await copy_disks(run, source, clones);
  run.step(kRenewStep);
  for (const CloneRecord& clone : clones) co_await give_identity(run, source, clone);
  // No wait from here on: all of them appear, or none.
  for (const CloneRecord& clone : clones) require_free(clone.record.name);
  for (CloneRecord& clone : clones) {
    run.undo("remove_machine", clone.record.id);
    context_.machines.add(std::move(clone.record));
  }
}

Awaitable<> Clones::copy_disks(TaskRun& run, MachineRecord source, const std::vector<CloneRecord>& clones) {
  const std::vector<const model::Disk*> disks = volumes_of(source);
  storage::Storage::require_space(context_.paths.volumes(), kSpare);
  if (disks.empty()) co_return;
  const auto file = [this](const model::Disk& disk) { return context_.paths.volumes() / disk.volume; };
  Bytes all = kSpare;
  for (const model::Disk* disk : disks) {
    const Bytes one = co_await storage::bytes_to_copy(context_.storage, file(*disk), disk->format);
    all.count += one.count * clones.size();
  }
  const bool shared = co_await storage::can_share(file(*disks.front()));
  if (!shared) storage::Storage::require_space(context_.paths.volumes(), all);
  storage::RateText rate;
  std::uint64_t before = 0;
  for (const CloneRecord& clone : clones) {
    const std::vector<const model::Disk*> targets = volumes_of(clone.record);
    for (std::size_t i = 0; i < disks.size(); ++i) {
      std::uint64_t done = 0;
      std::function<void(Bytes)> report = [&](Bytes bytes) {
        done = bytes.count;
        run.progress(static_cast<double>(before + done) / static_cast<double>(all.count),
                     fmt::format("{}, {}: {}", clone.record.name, disks[i]->id, rate.text(before + done, all.count)));
      };
      storage::VolumeCopy copy{.from = file(*disks[i]), .format = disks[i]->format, .to = file(*targets[i])};
      const storage::CopyWay way = co_await storage::copy_volume(context_.storage, copy, report);
      before += done;
      if (way == storage::CopyWay::shared)
        run.log(fmt::format("The disk {} of {} shares its blocks with that of {} until they change.", disks[i]->id,
                            clone.record.name, source.name));
    }
  }
}

Awaitable<> Clones::give_identity(TaskRun& run, MachineRecord source, const CloneRecord& clone) {
  const std::filesystem::path from = context_.paths.machine_state(source.id);
  const std::filesystem::path to = context_.paths.machine_state(clone.record.id);
  os::make_directories(to);
  const std::function<void()> copy = [&from, &to] { copy_firmware_variables(from, to); };
  co_await loop::run_blocking(copy);
  // A machine runs without the medium too, once it is set up.
  if (source.ssh_user.empty() || !std::filesystem::exists(from / "seed.img")) co_return;
  const deploy::FixedIdentity fixed =
      co_await deploy::copy_seed(from / "seed.img", to / "seed.img", {clone.record.id, clone.record.name, clone.macs});
  if (fixed.hostname) run.log("The user data sets a host name, which the clone has, too.");
  if (fixed.host_keys) run.log("The user data sets SSH host keys, which the clone has, too.");
}

Awaitable<> Clones::start_all(TaskRun& run, std::vector<std::string> names) {
  run.step(kStartClonesStep);
  std::vector<std::string> tasks;
  tasks.reserve(names.size());
  for (const std::string& name : names) tasks.push_back(power_.start(name, {}).id);
  std::optional<model::Problem> problem;
  for (const std::string& id : tasks) {
    const model::Task ended = co_await context_.tasks.wait(id, kStartPatience);
    if (ended.error && !problem) problem = ended.error;
  }
  if (problem) throw Error(model::from_problem(*problem));
}

void Clones::register_recovery() {
  context_.tasks.on_recover("machine.clone", [this](model::Task task) -> Awaitable<TaskEngine::Recovery> {
    if (!context_.store.undo_of(task.id).empty() || !context_.machines.name_taken(task.subject.name)) {
      throw Error(ErrorKind::unavailable, "task.interrupted",
                  "visord ended while this was being done; what was half done was undone.", "Start it again.");
    }
    co_return TaskEngine::Recovery{"visord was restarted meanwhile; the clones are there."};
  });
}

}  // namespace visor::engine
