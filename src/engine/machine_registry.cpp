#include "engine/machine_registry.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/spec_diff.h"

namespace visor::engine {
namespace {

/// Data of the events that this file publishes.
struct MachineNews {
  std::string action;
  json::Written<model::Machine> machine;
};
BOOST_DESCRIBE_STRUCT(MachineNews, (), (action, machine))

struct DeletedMachine {
  std::string id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(DeletedMachine, (), (id, name))

struct DeletionNews {
  std::string action;
  DeletedMachine machine;
};
BOOST_DESCRIBE_STRUCT(DeletionNews, (), (action, machine))

struct SampleNews {
  std::string machine;
  model::Sample sample;
};
BOOST_DESCRIBE_STRUCT(SampleNews, (), (machine, sample))

}  // namespace

MachineRegistry::MachineRegistry(const model::InstancePaths& paths, store::Store& store, EventBus& events)
    : paths_(paths), store_(store), events_(events) {}

void MachineRegistry::load() {
  for (const store::Document& document : store_.load("machine")) {
    auto entry = std::make_unique<MachineEntry>();
    entry->record = json::from_json<MachineRecord>(json::parse(document.text), "store.corrupt");
    entry->status = entry->record.rest_status;
    entry->reason = entry->record.rest_reason;
    entry->since = entry->record.rest_since;
    ids_by_name_[entry->record.name] = entry->record.id;
    entries_[entry->record.id] = std::move(entry);
  }
}

MachineEntry& MachineRegistry::by_name(const std::string& name) {
  const auto found = ids_by_name_.find(name);
  if (found == ids_by_name_.end()) {
    throw Error(ErrorKind::not_found, "machine.not_found",
                fmt::format("There is no machine named '{}'.", text::printable(name.substr(0, 80))),
                "`visor list` shows all machines.");
  }
  return *entries_.at(found->second);
}

MachineEntry* MachineRegistry::find(const std::string& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.get();
}

std::vector<MachineEntry*> MachineRegistry::all() {
  std::vector<MachineEntry*> list;
  list.reserve(entries_.size());
  for (const auto& [name, id] : ids_by_name_) list.push_back(entries_.at(id).get());
  return list;
}

MachineEntry& MachineRegistry::add(MachineRecord record) {
  if (name_taken(record.name)) {
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", record.name),
                "Choose another name.");
  }
  auto entry = std::make_unique<MachineEntry>();
  entry->record = std::move(record);
  entry->status = entry->record.rest_status;
  entry->since = entry->record.rest_since;
  MachineEntry& added = *entry;
  store_.put("machine", added.record.id, json::to_text(added.record));
  ids_by_name_[added.record.name] = added.record.id;
  entries_[added.record.id] = std::move(entry);
  announce(added, "created");
  return added;
}

void MachineRegistry::remove(const std::string& id) {
  store_.erase("machine", id);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const std::string name = found->second->record.name;
  ids_by_name_.erase(name);
  running_.erase(id);
  entries_.erase(found);
  events_.publish("machine", json::to_text(DeletionNews{"deleted", {id, name}}));
}

void MachineRegistry::rename(MachineEntry& entry, const std::string& name) {
  if (name == entry.record.name) return;
  if (name_taken(name)) {
    throw Error(ErrorKind::conflict, "machine.exists", fmt::format("There is already a machine named '{}'.", name),
                "Choose another name.");
  }
  MachineRecord renamed = entry.record;
  renamed.name = name;
  ids_by_name_[name] = entry.record.id;
  try {
    change(entry, std::move(renamed));
  } catch (...) {
    ids_by_name_.erase(name);
    throw;
  }
}

void MachineRegistry::change(MachineEntry& entry, MachineRecord record) {
  ++record.revision;
  store_.put("machine", record.id, json::to_text(record));
  if (record.name != entry.record.name) ids_by_name_.erase(entry.record.name);
  entry.record = std::move(record);
  publish(entry);
}

void MachineRegistry::note(MachineEntry& entry) {
  try {
    store_.put("machine", entry.record.id, json::to_text(entry.record), store::Room::reserve);
  } catch (const Error& error) {
    log::error("what became of machine '{}' cannot be recorded: {}", entry.record.name, error.what());
  }
  publish(entry);
}

void MachineRegistry::attach(MachineEntry& entry, std::unique_ptr<hypervisor::RunningMachine> running) {
  entry.running = std::move(running);
  running_[entry.record.id] = &entry;
}

void MachineRegistry::observe(MachineEntry& entry, model::Status status, std::string reason) {
  if (entry.status != status) entry.since = std::chrono::system_clock::now();
  entry.status = status;
  entry.reason = std::move(reason);
  publish(entry);
}

void MachineRegistry::rest(MachineEntry& entry, model::Status status, std::string reason) {
  if (status != model::Status::saved) {
    entry.record.saved_spec.reset();
  } else if (entry.running) {
    entry.record.saved_spec = entry.running->restoring_spec();
  }
  entry.running.reset();
  running_.erase(entry.record.id);
  entry.serials.clear();
  entry.expected_rest = model::Status::stopped;
  entry.ready = false;
  entry.agent = false;
  entry.addresses.clear();
  entry.guest_hostname.clear();
  entry.guest_os.clear();
  entry.sample.reset();
  keep_history(entry);
  entry.status = status;
  entry.reason = reason;
  entry.since = std::chrono::system_clock::now();
  entry.record.rest_status = status;
  entry.record.rest_reason = std::move(reason);
  entry.record.rest_since = entry.since;
  note(entry);
}

void MachineRegistry::publish(MachineEntry& entry) { announce(entry, "updated"); }

void MachineRegistry::announce(MachineEntry& entry, std::string action) {
  entry.written.text.reset();
  events_.publish("machine", json::to_text(MachineNews{std::move(action), written(entry)}));
}

void MachineRegistry::add_sample(MachineEntry& entry, model::Sample sample, std::chrono::duration<double> elapsed) {
  events_.publish("metrics", json::to_text(SampleNews{entry.record.name, sample}));
  if (!entry.history) {
    entry.history = std::make_unique<MetricsHistory>();
    entry.history->load(history_file(entry));
  }
  entry.history->add(sample, elapsed);
  if (entry.history->is_due()) keep_history(entry);
  entry.sample = std::move(sample);
  entry.written.text.reset();
}

std::vector<model::Sample> MachineRegistry::samples(const MachineEntry& entry, model::MetricsRange range) const {
  const HistoryFile file = history_file(entry);
  const WallTime now = std::chrono::system_clock::now();
  if (entry.history) return entry.history->samples(range, now, file);
  if (!file.exists()) return {};
  MetricsHistory earlier;
  earlier.load(file);
  return earlier.samples(range, now, file);
}

void MachineRegistry::keep_history(MachineEntry& entry) {
  if (!entry.history) return;
  try {
    entry.history->keep(history_file(entry));
    entry.history_fails = false;
  } catch (const Error& error) {
    // The machine has no part in it. What is not written now is written when there is room again.
    if (!entry.history_fails) log::warning("the history of {} is not written: {}", entry.record.name, error.what());
    entry.history_fails = true;
  }
}

void MachineRegistry::keep_histories() {
  for (const auto& [id, entry] : entries_) keep_history(*entry);
}

const json::Written<model::Machine>& MachineRegistry::written(MachineEntry& entry) const {
  if (!entry.written.text) entry.written = json::write(view(entry));
  return entry.written;
}

model::Machine MachineRegistry::view(const MachineEntry& entry) const {
  const MachineRecord& record = entry.record;
  model::Machine machine;
  machine.id = record.id;
  machine.name = record.name;
  machine.description = record.description;
  machine.tags = record.tags;
  machine.group = record.group;
  machine.created = record.created;
  machine.revision = record.revision;
  machine.spec = record.spec;
  machine.task = entry.task;
  model::MachineState& state = machine.state;
  state.status = entry.status;
  state.reason = entry.reason;
  state.since = entry.since;
  if (const model::MachineSpec* fixed = fixed_spec(entry)) {
    machine.pending = pending_changes(*fixed, record.spec, [&](const std::string& key) {
      return entry.running ? entry.running->keeps_waiting(key, record.spec).value_or("") : std::string();
    });
  }
  if (!entry.running) return machine;
  state.started_at = entry.running->started_at();
  state.ready = entry.ready;
  state.agent = entry.agent;
  state.accelerator = entry.running->accelerator();
  state.accelerator_reason = entry.running->accelerator_reason();
  state.addresses = entry.addresses;
  state.guest_hostname = entry.guest_hostname;
  state.guest_os = entry.guest_os;
  state.process_id = entry.running->process_id();
  state.vsock_cid = entry.running->vsock_cid();
  machine.metrics = entry.sample;
  return machine;
}

const model::MachineSpec* fixed_spec(const MachineEntry& entry) {
  if (entry.running) return &entry.running->running_spec();
  return entry.status == model::Status::saved && entry.record.saved_spec ? &*entry.record.saved_spec : nullptr;
}

model::MachineSpec next_spec(const MachineEntry& entry) {
  const model::MachineSpec* fixed = fixed_spec(entry);
  if (fixed == nullptr) return entry.record.spec;
  model::MachineSpec spec = *fixed;
  const model::Cpu& cpu = entry.record.spec.cpu;
  spec.cpu.pinning = cpu.pinning;
  spec.cpu.weight = cpu.weight;
  spec.cpu.limit_percent = cpu.limit_percent;
  spec.cpu.reserve_percent = cpu.reserve_percent;
  spec.cpu.scheduling = cpu.scheduling;
  spec.cpu.frequency = cpu.frequency;
  spec.on_reboot = entry.record.spec.on_reboot;
  spec.watchdog.action = entry.record.spec.watchdog.action;
  for (model::Nic& nic : spec.nics) {
    for (const model::Nic& wanted : entry.record.spec.nics) {
      if (wanted.id == nic.id) nic.link_up = wanted.link_up;
    }
  }
  return spec;
}

void require_allowed(const MachineEntry& entry, model::Action action) {
  if (const auto reason = model::refusal(action, entry.status)) {
    throw Error(ErrorKind::conflict, "machine.wrong_state", *reason);
  }
}

}  // namespace visor::engine
