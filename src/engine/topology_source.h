// The processors of this host and how busy each is, for whoever looks.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "host/processor_load.h"
#include "host/topology_reader.h"
#include "loop/awaitable.h"
#include "model/topology.h"

namespace visor::engine {

/// Reads when it is asked, never by itself: a host that nobody looks at costs nothing. All files are read off the event loop.
class TopologySource {
 public:
  explicit TopologySource(const std::filesystem::path& root = "/") : reader_(root) {}

  /// At once when somebody has asked a moment ago, else after the shortest time over which a load can be told.
  Awaitable<model::HostTopology> read();

 private:
  Awaitable<> sample();

  const host::TopologyReader reader_;
  host::ProcessorLoad load_;
  std::optional<model::HostTopology> known_;
  std::string online_;  ///< of `known_`
  std::chrono::steady_clock::time_point read_at_;
};

}  // namespace visor::engine
