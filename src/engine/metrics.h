// Readings of what machines use.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/context.h"
#include "loop/task_group.h"

namespace visor::engine {

/// Takes a reading of every running machine each second while somebody listens to events, else every 30 seconds: one
/// timer for all, whatever their number.
class MetricsSampler {
 public:
  explicit MetricsSampler(Context& context);

  void start();
  Awaitable<> close();

  static constexpr auto kInterval = std::chrono::seconds(1);

 private:
  struct Reading {
    std::chrono::steady_clock::time_point time;
    hypervisor::Counters counters;
    std::uint64_t received = 0;
    std::uint64_t transmitted = 0;
    bool has_network = false;
  };
  Awaitable<> run();
  struct Machine {
    std::optional<Reading> last;
    std::optional<Reading> before_last;
    bool under_way = false;  ///< it is being read
  };
  Awaitable<> sample(std::string id, std::shared_ptr<Machine> machine);
  Awaitable<Reading> read(std::string id);

  Context& context_;
  std::map<std::string, std::shared_ptr<Machine>> machines_;  ///< those that ran when it was last looked
  loop::TaskGroup group_;
};

}  // namespace visor::engine
