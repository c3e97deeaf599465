// Readings for the tests of what machines have used.
#pragma once

#include <chrono>

#include "base/bytes.h"
#include "base/time.h"
#include "model/machine.h"

namespace visor::engine {

/// 2026-01-01T00:00:00Z: the begin of a span of every width.
inline const WallTime kStart{std::chrono::seconds(1767225600)};

inline model::Sample sample_at(std::chrono::seconds after, double cpu) {
  model::Sample sample;
  sample.time = kStart + after;
  sample.cpu_percent = cpu;
  sample.vcpu_percent = {cpu, cpu / 2};
  sample.memory_used = 300_MiB;
  sample.memory_resident = 512_MiB;
  sample.memory_assigned = 768_MiB;
  sample.disk_read_rate = 1.5e9;
  sample.disk_write_rate = 1e6;
  return sample;
}

}  // namespace visor::engine
