#include "engine/metrics.h"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"

namespace visor::engine {
namespace {

constexpr int kIdleRounds = 30;
/// Of machines with dynamic memory.
constexpr int kFollowedRounds = 2;
/// What the disks have done is asked every second time only while somebody watches: their rates are those of two seconds.
constexpr auto kDiskTime = std::chrono::milliseconds(1500);

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double rate(std::uint64_t now, std::uint64_t before, double elapsed) {
  return now < before ? 0 : static_cast<double>(now - before) / elapsed;
}

std::vector<double> vcpu_percent(const hypervisor::Counters& now, const hypervisor::Counters& before, double elapsed) {
  std::vector<double> percents;
  for (std::size_t i = 0; i < now.vcpu_time.size(); ++i) {
    const auto earlier = i < before.vcpu_time.size() ? before.vcpu_time[i] : std::chrono::nanoseconds();
    percents.push_back(std::clamp(in_seconds(now.vcpu_time[i] - earlier) / elapsed * 100, 0.0, 100.0));
  }
  return percents;
}

}  // namespace

MetricsSampler::MetricsSampler(Context& context) : context_(context), group_(context.executor) {}

void MetricsSampler::start() {
  group_.spawn("metrics", [this]() -> Awaitable<> { return run(); });
}

Awaitable<> MetricsSampler::run() {
  for (int round = 0;; ++round) {
    co_await loop::sleep_for(kInterval);
    const bool watched = context_.events.reader_count() > 0 || round % kIdleRounds == 0;
    const auto& running = context_.machines.running();
    std::erase_if(machines_, [&running](const auto& item) { return !running.contains(item.first); });
    // All at once: one that hangs keeps no other waiting, and the answers of many wake us once.
    for (const auto& [id, entry] : running) {
      // The first reading is taken for everybody, so that nobody who asks finds nothing; dynamic memory needs one every period.
      const bool followed = round % kFollowedRounds == 0 && entry->record.spec.memory.dynamic.enabled;
      if (entry->status != model::Status::running || (!watched && !followed && entry->sample)) continue;
      std::shared_ptr<Machine>& machine = machines_[id];
      if (!machine) machine = std::make_shared<Machine>();
      if (std::exchange(machine->under_way, true)) continue;
      group_.spawn("metrics", [this, id = id, machine]() -> Awaitable<> { return sample(id, machine); });
    }
  }
}

Awaitable<MetricsSampler::Reading> MetricsSampler::read(std::string id) {
  Reading reading;
  MachineEntry& entry = require_machine(context_, id);
  reading.counters = co_await require_running(entry).counters();
  reading.time = std::chrono::steady_clock::now();
  MachineEntry& now = require_machine(context_, id);
  if (!now.agent || !now.running) co_return reading;
  try {
    for (const auto& interface : co_await now.running->agent().interfaces()) {
      reading.received += interface.received;
      reading.transmitted += interface.transmitted;
    }
    reading.has_network = true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  co_return reading;
}

Awaitable<> MetricsSampler::sample(std::string id, std::shared_ptr<Machine> machine) {
  const std::shared_ptr<void> done(nullptr, [&machine](void*) { machine->under_way = false; });
  Reading now;
  try {
    now = co_await read(id);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::debug("no reading: {}", error.what());
    co_return;
  }
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr || !entry->running) co_return;
  const std::optional<Reading> earlier = std::exchange(machine->before_last, machine->last);
  machine->last = now;
  if (!machine->before_last) co_return;
  const Reading& last = *machine->before_last;
  const double elapsed = std::max(0.001, std::chrono::duration<double>(now.time - last.time).count());
  model::Sample sample;
  sample.time = std::chrono::system_clock::now();
  sample.vcpu_percent = vcpu_percent(now.counters, last.counters, elapsed);
  for (const double percent : sample.vcpu_percent)
    sample.cpu_percent += percent / static_cast<double>(sample.vcpu_percent.size());
  sample.memory_used = now.counters.guest_used;
  sample.memory_resident = now.counters.resident;
  sample.memory_assigned = entry->running->assigned_memory();
  const Reading& disks = earlier && now.time - last.time < kDiskTime ? *earlier : last;
  const double disk_elapsed = std::chrono::duration<double>(now.time - disks.time).count();
  sample.disk_read_rate = rate(now.counters.disk_read.count, disks.counters.disk_read.count, disk_elapsed);
  sample.disk_write_rate = rate(now.counters.disk_written.count, disks.counters.disk_written.count, disk_elapsed);
  if (now.has_network && last.has_network) {
    sample.net_receive_rate = rate(now.received, last.received, elapsed);
    sample.net_transmit_rate = rate(now.transmitted, last.transmitted, elapsed);
  }
  context_.machines.add_sample(*entry, std::move(sample), now.time - last.time);
}

Awaitable<> MetricsSampler::close() { co_await group_.close(); }

}  // namespace visor::engine
