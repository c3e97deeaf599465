// Readings of what machines use.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "engine/context.h"
#include "loop/task_group.h"

namespace visor::engine {

/// Takes a reading of every running machine each two seconds while somebody listens to events, else every 30 seconds: one
/// timer for all, whatever their number.
class MetricsSampler {
 public:
  explicit MetricsSampler(Context& context);

  void start();
  Awaitable<> close();

  static constexpr auto kInterval = std::chrono::seconds(2);

 private:
  struct Reading {
    std::chrono::steady_clock::time_point time;
    hypervisor::Counters counters;
    std::uint64_t received = 0;
    std::uint64_t transmitted = 0;
    bool has_network = false;
  };
  Awaitable<> run();
  Awaitable<> sample(std::string id);
  Awaitable<Reading> read(std::string id);

  Context& context_;
  std::map<std::string, Reading> last_;
  std::set<std::string> under_way_;  ///< machines that are being read
  loop::TaskGroup group_;
};

}  // namespace visor::engine
