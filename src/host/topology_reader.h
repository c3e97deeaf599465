// How the processors of this host hang together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "host/host_reader.h"
#include "model/topology.h"

namespace visor::host {

/// Reads /sys/devices below a root, so that the recorded tree of another host can be read as well. What is missing is left out and
/// what contradicts itself is settled: each processor is in exactly one core, and in at most one of each other group.
class TopologyReader {
 public:
  explicit TopologyReader(std::filesystem::path root = "/");

  /// Everything but the load. Blocks for some fifteen small files per processor: too long for the event loop on a large host.
  model::HostTopology read() const;
  /// What tells that another read() would find other processors.
  std::string online() const;
  /// How busy each processor that is online has been since boot.
  std::map<std::uint32_t, CpuTimes> processor_times() const;
  /// The memory of the nodes, as it is now.
  void refresh_memory(std::vector<model::HostNumaNode>& nodes) const;

 private:
  std::string text_of(const std::string& path) const;

  std::filesystem::path root_;
};

/// The lines of single processors in /proc/stat, read like that of all together by parse_cpu_times().
std::map<std::uint32_t, CpuTimes> parse_processor_times(std::string_view stat);
/// A cache's size ("32768K", "4M") or 0.
Bytes parse_cache_size(std::string_view text);
/// MemTotal (or another key) of a node's meminfo, or 0.
Bytes parse_node_memory(std::string_view meminfo, std::string_view key);

}  // namespace visor::host
