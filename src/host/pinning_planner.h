// Which processors of the host a machine's vCPUs should run on, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/topology.h"

namespace visor::host {

using model::PinningGoal;

/// Processors that belong to another machine. Their siblings count as taken, too: what runs there slows the owner.
struct PinningClaim {
  std::string machine;
  std::vector<std::uint32_t> processors;
};

struct PinningWish {
  std::uint32_t vcpus = 1;
  std::uint32_t threads = 1;  ///< per core, as the guest sees it: vCPUs N*threads... are siblings of each other
  PinningGoal goal = PinningGoal::balanced;
};

struct PinningPlan {
  std::vector<std::uint32_t> processors;  ///< of each vCPU in order; empty when the host has none
  std::optional<std::uint32_t> node;      ///< where the memory should be; none when the processors are near to several
  std::vector<std::string> reasons;       ///< what is good about it, a sentence each
  std::vector<std::string> warnings;      ///< what could not be had
};

/// A pure function of its arguments. Of equal places it takes the less loaded one, and that without processor 0, where the kernel
/// puts most of its own work.
PinningPlan plan_pinning(const model::HostTopology& topology, const std::vector<PinningClaim>& claims, const PinningWish& wish);

}  // namespace visor::host
