#include "engine/memory_controller.h"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "host/memory_state.h"
#include "model/validate_memory.h"

namespace visor::engine {
namespace {

constexpr std::size_t kMostChanges = 100;
/// Until a guest has followed a change and told what it uses since. A decision before would be one about the past, and be taken
/// back by the next.
constexpr std::uint32_t kSettlingRounds = 2;
/// An older reading says nothing about now.
constexpr auto kFresh = std::chrono::seconds(10);

bool is_dynamic(const MachineEntry& entry) { return entry.running && entry.running->running_spec().memory.dynamic.enabled; }

bool has_fresh_reading(const MachineEntry& entry) {
  return entry.status == model::Status::running && entry.sample && entry.sample->memory_used &&
         std::chrono::system_clock::now() - entry.sample->time < kFresh;
}

/// A guest that has used up all but this part of its memory cannot wait.
constexpr std::uint64_t kUrgentPart = 32;

bool is_urgent(const MemoryGuest& guest) { return guest.used.count + guest.assigned.count / kUrgentPart >= guest.assigned.count; }

MemoryGuest guest_of(const MachineEntry& entry) {
  const model::Memory& memory = entry.running->running_spec().memory;
  const model::MemoryBounds bounds = model::memory_bounds(memory);
  MemoryGuest guest;
  guest.assigned = entry.running->assigned_memory();
  guest.used = entry.sample->memory_used.value_or(Bytes());
  guest.resident = entry.sample->memory_resident;
  guest.minimum = bounds.minimum;
  guest.maximum = bounds.maximum;
  guest.buffer_percent = memory.dynamic.buffer_percent;
  guest.weight = memory.weight;
  return guest;
}

}  // namespace

MemoryController::MemoryController(Context& context, std::filesystem::path root)
    : context_(context), root_(std::move(root)), group_(context.executor) {}

void MemoryController::start() {
  group_.spawn("dynamic memory", [this]() -> Awaitable<> { return run(); });
}

Awaitable<> MemoryController::close() { co_await group_.close(); }

Awaitable<> MemoryController::run() {
  for (;;) {
    co_await loop::sleep_for(kInterval);
    look();
  }
}

MemoryHost MemoryController::host() const {
  const host::MemoryState state = host::read_memory_state(root_);
  MemoryHost host{state.total, state.available, {}, state.pressure};
  for (const auto& [id, entry] : context_.machines.running()) {
    // One that has told nothing yet may still take all that it was given.
    if (!entry->running || (is_dynamic(*entry) && has_fresh_reading(*entry))) continue;
    const Bytes size = entry->running->assigned_memory();
    const Bytes resident = entry->sample ? entry->sample->memory_resident : Bytes();
    host.promised = host.promised + (size - std::min(size, resident));
  }
  return host;
}

void MemoryController::look() {
  std::vector<std::string> ids;
  std::vector<MemoryGuest> guests;
  const auto& running = context_.machines.running();
  std::erase_if(machines_, [&running](const auto& item) { return !running.contains(item.first); });
  for (const auto& [id, entry] : running) {
    if (!is_dynamic(*entry) || !has_fresh_reading(*entry)) continue;
    Machine& machine = machines_[id];
    MemoryGuest guest = guest_of(*entry);
    machine.quiet_rounds = wants_less(guest) ? machine.quiet_rounds + 1 : 0;
    guest.quiet_rounds = machine.quiet_rounds;
    const bool settling = machine.settling_rounds > 0;
    if (settling) --machine.settling_rounds;
    if (settling && !is_urgent(guest)) guest.minimum = guest.maximum = guest.assigned;
    ids.push_back(id);
    guests.push_back(guest);
  }
  if (guests.empty()) return;
  const MemoryHost host = this->host();
  const std::vector<MemoryDecision> decisions = share_memory(host, guests);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (decisions[i].target != guests[i].assigned) assign(ids[i], guests[i], decisions[i], host.available);
  }
}

void MemoryController::assign(const std::string& id, const MemoryGuest& guest, const MemoryDecision& decision,
                              Bytes host_available) {
  if (std::exchange(machines_[id].under_way, true)) return;
  group_.spawn("assign memory", [this, id, guest, decision, host_available]() -> Awaitable<> {
    bool done = false;
    try {
      MachineEntry& entry = require_machine(context_, id);
      co_await require_running(entry).assign_memory(decision.target);
      done = true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::debug("memory is not assigned: {}", error.what());
    }
    const auto machine = machines_.find(id);
    if (machine == machines_.end()) co_return;
    machine->second.under_way = false;
    if (!done) co_return;
    machine->second.settling_rounds = kSettlingRounds;
    auto& changes = machine->second.changes;
    changes.push_back(
        {std::chrono::system_clock::now(), guest.assigned, decision.target, guest.used, host_available, decision.reason});
    if (changes.size() > kMostChanges) changes.pop_front();
  });
}

model::MemoryReport MemoryController::report(const std::string& name) const {
  const MachineEntry& entry = context_.machines.by_name(name);
  const model::Memory& memory = entry.running ? entry.running->running_spec().memory : entry.record.spec.memory;
  const model::MemoryBounds bounds = model::memory_bounds(memory);
  const MemoryHost host = this->host();
  model::MemoryReport report;
  report.dynamic = memory.dynamic.enabled;
  report.minimum = memory.dynamic.enabled ? bounds.minimum : memory.size;
  report.maximum = memory.dynamic.enabled ? bounds.maximum : memory.size;
  if (entry.running) {
    report.assigned = entry.running->assigned_memory();
    report.merged = entry.running->merged_memory();
  }
  if (entry.sample) report.used = entry.sample->memory_used;
  report.host_available = host.available;
  report.host_reserve = host_reserve(host);
  report.host_pressure = host.pressure;
  const auto machine = machines_.find(entry.record.id);
  if (machine != machines_.end()) report.changes.assign(machine->second.changes.begin(), machine->second.changes.end());
  return report;
}

}  // namespace visor::engine
