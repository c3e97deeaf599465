// Dynamic memory: gives each machine what its guest needs and the host the rest.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/memory_policy.h"
#include "loop/task_group.h"
#include "model/memory_report.h"

namespace visor::engine {

/// Looks at the readings of MetricsSampler and moves the balloons. Costs nothing while no machine has dynamic memory.
class MemoryController {
 public:
  /// `root` is where /proc is.
  MemoryController(Context& context, std::filesystem::path root);

  void start();
  Awaitable<> close();
  /// Error `machine.not_found`.
  model::MemoryReport report(const std::string& name) const;

  /// As often as guests tell what they use.
  static constexpr auto kInterval = std::chrono::seconds(2);

 private:
  struct Machine {
    std::uint32_t quiet_rounds = 0;
    std::uint32_t settling_rounds =
        0;                   ///< left since the last change, in which what the guest tells and has do not belong together
    bool under_way = false;  ///< it is being told; a QEMU that hangs is not told again and again
    std::deque<model::MemoryChange> changes;
  };
  Awaitable<> run();
  void look();
  MemoryHost host() const;
  void assign(const std::string& id, const MemoryGuest& guest, const MemoryDecision& decision, Bytes host_available);

  Context& context_;
  std::filesystem::path root_;
  std::map<std::string, Machine> machines_;
  loop::TaskGroup group_;
};

}  // namespace visor::engine
