// What the processors of a host look like: which threads share a core, which cores a cache, which caches a memory.
#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/machine_spec.h"

namespace visor::model {

/// `plain` where all cores are alike. Of those that are not: the fast, the economical, and the ones outside of the others' cache
/// that are meant for a nearly idle host.
BOOST_DEFINE_ENUM_CLASS(CoreKind, plain, performance, efficiency, lowPower)

/// What the kernel runs a thread on: a core, or one of the threads of a core with SMT.
struct HostProcessor {
  std::uint32_t id = 0;  ///< the kernel's number: the N of /sys/devices/system/cpu/cpuN
  bool online = true;
  std::optional<std::uint32_t> core;     ///< id of its core; none when it is switched off: nobody knows then
  std::optional<std::uint32_t> max_mhz;  ///< none where the kernel does not manage the frequency
  std::optional<double> load_percent;    ///< busy share of the last seconds; none when it is switched off
};
BOOST_DESCRIBE_STRUCT(HostProcessor, (), (id, online, core, max_mhz, load_percent))

struct HostCore {
  std::uint32_t id = 0;  ///< counted over the whole host
  std::uint32_t package = 0;
  std::uint32_t die = 0;                 ///< of the package
  std::optional<std::uint32_t> node;     ///< none on a kernel without NUMA
  std::optional<std::uint32_t> l3;       ///< id of the L3 group; none without an L3 cache, or when the host hides it
  std::optional<std::uint32_t> cluster;  ///< id of the cluster; none when it shares its L2 cache with no other core
  CoreKind kind = CoreKind::plain;
  std::vector<std::uint32_t> processors;  ///< its threads, siblings of each other
};
BOOST_DESCRIBE_STRUCT(HostCore, (), (id, package, die, node, l3, cluster, kind, processors))

/// Processors that share a cache.
struct HostCacheGroup {
  std::uint32_t id = 0;
  Bytes size;  ///< 0: unknown
  std::vector<std::uint32_t> processors;
};
BOOST_DESCRIBE_STRUCT(HostCacheGroup, (), (id, size, processors))

/// Memory and the processors that are near to it; none for memory alone (CXL, high bandwidth memory).
struct HostNumaNode {
  std::uint32_t id = 0;
  Bytes memory_total;
  Bytes memory_free;                     ///< used for nothing, not even for caches
  std::vector<std::uint32_t> distances;  ///< to each node in their order, 10 to itself
  std::vector<std::uint32_t> processors;
};
BOOST_DESCRIBE_STRUCT(HostNumaNode, (), (id, memory_total, memory_free, distances, processors))

/// What sits in one socket.
struct HostPackage {
  std::uint32_t id = 0;
  std::vector<std::uint32_t> processors;
};
BOOST_DESCRIBE_STRUCT(HostPackage, (), (id, processors))

/// A machine that is bound to processors of the host.
struct ProcessorOwner {
  std::string machine;
  bool running = false;                   ///< when not, it will be there after its next start
  Pinning pinning;                        ///< what it runs with; of one that does not run what it will start with
  std::vector<std::uint32_t> processors;  ///< all that are named
};
BOOST_DESCRIBE_STRUCT(ProcessorOwner, (), (machine, running, pinning, processors))

/// All processors of the host that a machine is bound to, ascending.
std::vector<std::uint32_t> pinned_processors(const Pinning& pinning);

/// Everything is in ascending order of its id; lists of processors hold ids of those that are online.
struct HostTopology {
  std::string model;
  std::vector<HostPackage> packages;
  std::vector<HostNumaNode> nodes;
  std::vector<HostCacheGroup> l3_groups;
  std::vector<HostCacheGroup> clusters;  ///< of L2 caches that several cores share
  std::vector<HostCore> cores;
  std::vector<HostProcessor> processors;
  std::vector<ProcessorOwner> owners;  ///< by name
};
BOOST_DESCRIBE_STRUCT(HostTopology, (), (model, packages, nodes, l3_groups, clusters, cores, processors, owners))

/// fastest: fast cores, each for one vCPU alone while there are enough. balanced: all threads of fast cores. quiet: economical
/// cores and as few caches as possible, so that the rest of the host sleeps or works undisturbed.
BOOST_DEFINE_ENUM_CLASS(PinningGoal, fastest, balanced, quiet)

/// Where the vCPUs of a machine should run.
struct PinningProposal {
  Pinning pinning;
  std::optional<std::uint32_t> node;  ///< where the memory should be; none when the processors are near to several
  std::vector<std::string> reasons;   ///< what is good about it, a sentence each
  std::vector<std::string> warnings;  ///< what could not be had
};
BOOST_DESCRIBE_STRUCT(PinningProposal, (), (pinning, node, reasons, warnings))

}  // namespace visor::model
