#include "engine/metrics.h"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"

namespace visor::engine {
namespace {

constexpr int kIdleRounds = 15;

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
    std::erase_if(last_, [this](const auto& item) {
      const MachineEntry* entry = context_.machines.find(item.first);
      return entry == nullptr || !entry->running;
    });
    std::vector<std::string> ids;
    for (const MachineEntry* entry : context_.machines.all()) {
      if (!entry->running || entry->status != model::Status::running) continue;
      // The first reading is taken for everybody, so that nobody who asks finds nothing.
      if (watched || !entry->sample) ids.push_back(entry->record.id);
    }
    // All at once: one that hangs keeps no other waiting, and the answers of many wake us once.
    for (const std::string& id : ids) {
      if (under_way_.insert(id).second) group_.spawn("metrics", [this, id]() -> Awaitable<> { return sample(id); });
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

Awaitable<> MetricsSampler::sample(std::string id) {
  const std::shared_ptr<void> done(nullptr, [this, id](void*) { under_way_.erase(id); });
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
  const auto before = last_.find(id);
  if (before == last_.end()) {
    last_[id] = std::move(now);
    co_return;
  }
  const Reading& last = before->second;
  const double elapsed = std::max(0.001, std::chrono::duration<double>(now.time - last.time).count());
  model::Sample sample;
  sample.time = std::chrono::system_clock::now();
  sample.vcpu_percent = vcpu_percent(now.counters, last.counters, elapsed);
  for (const double percent : sample.vcpu_percent)
    sample.cpu_percent += percent / static_cast<double>(sample.vcpu_percent.size());
  sample.memory_used = now.counters.guest_used;
  sample.memory_resident = now.counters.resident;
  sample.disk_read_rate = rate(now.counters.disk_read.count, last.counters.disk_read.count, elapsed);
  sample.disk_write_rate = rate(now.counters.disk_written.count, last.counters.disk_written.count, elapsed);
  if (now.has_network && last.has_network) {
    sample.net_receive_rate = rate(now.received, last.received, elapsed);
    sample.net_transmit_rate = rate(now.transmitted, last.transmitted, elapsed);
  }
  context_.machines.add_sample(*entry, std::move(sample), now.time - last.time);
  last_[id] = std::move(now);
}

Awaitable<> MetricsSampler::close() { co_await group_.close(); }

}  // namespace visor::engine
