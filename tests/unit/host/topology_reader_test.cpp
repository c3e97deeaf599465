#include "host/topology_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <numeric>

#include "host/recorded_host.h"

namespace visor::host {
namespace {

using model::CoreKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Numbers = std::vector<std::uint32_t>;

Numbers range(std::uint32_t first, std::uint32_t last) {
  Numbers numbers(last - first + 1);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

Numbers both(Numbers a, const Numbers& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What must hold on every host, whatever its files say.
void expect_sound(const model::HostTopology& topology) {
  std::map<std::uint32_t, int> times_in_core;
  for (std::size_t i = 0; i < topology.cores.size(); ++i) {
    const model::HostCore& core = topology.cores[i];
    EXPECT_EQ(core.id, i);
    ASSERT_FALSE(core.processors.empty());
    EXPECT_TRUE(std::ranges::is_sorted(core.processors));
    EXPECT_TRUE(std::ranges::count(topology.packages, core.package, &model::HostPackage::id) == 1);
    if (core.node) EXPECT_TRUE(std::ranges::count(topology.nodes, *core.node, &model::HostNumaNode::id) == 1);
    if (core.l3) EXPECT_LT(*core.l3, topology.l3_groups.size());
    if (core.cluster) EXPECT_LT(*core.cluster, topology.clusters.size());
    for (const std::uint32_t thread : core.processors) ++times_in_core[thread];
  }
  for (const model::HostProcessor& processor : topology.processors) {
    EXPECT_EQ(processor.core.has_value(), processor.online) << processor.id;
    EXPECT_EQ(times_in_core[processor.id], processor.online ? 1 : 0) << processor.id;
    EXPECT_FALSE(processor.load_percent);
  }
  EXPECT_TRUE(std::ranges::is_sorted(topology.processors, {}, &model::HostProcessor::id));
}

model::HostTopology read_text(const std::string& manifest) {
  const RecordedHost host(manifest);
  model::HostTopology topology = TopologyReader(host.root()).read();
  expect_sound(topology);
  return topology;
}

model::HostTopology read_recorded(const std::string& name) { return read_text(RecordedHost::manifest(name)); }

const model::HostCore& core_of(const model::HostTopology& topology, std::uint32_t processor) {
  return topology.cores.at(topology.processors.at(processor).core.value());
}

Numbers of_kind(const model::HostTopology& topology, CoreKind kind) {
  Numbers processors;
  for (const model::HostCore& core : topology.cores) {
    if (core.kind == kind) processors = both(processors, core.processors);
  }
  return processors;
}

TEST(TopologyReader, HybridLaptopTellsFastCoresFromEconomicalOnes) {
  const model::HostTopology topology = read_recorded("intel-core-i7-1260p");
  EXPECT_EQ(topology.model, "12th Gen Intel(R) Core(TM) i7-1260P");
  EXPECT_EQ(topology.cores.size(), 12U);
  EXPECT_EQ(of_kind(topology, CoreKind::performance), range(0, 7));
  EXPECT_EQ(of_kind(topology, CoreKind::efficiency), range(8, 15));
  EXPECT_THAT(core_of(topology, 3).processors, ElementsAre(2, 3));
  EXPECT_THAT(core_of(topology, 9).processors, ElementsAre(9));
  // One L3 cache for all, and two modules of four that share an L2 cache.
  ASSERT_EQ(topology.l3_groups.size(), 1U);
  EXPECT_EQ(topology.l3_groups[0].size, 18_MiB);
  EXPECT_EQ(topology.l3_groups[0].processors, range(0, 15));
  ASSERT_EQ(topology.clusters.size(), 2U);
  EXPECT_EQ(topology.clusters[1].processors, range(12, 15));
  EXPECT_EQ(topology.clusters[1].size, 2_MiB);
  EXPECT_FALSE(core_of(topology, 0).cluster);
  EXPECT_EQ(topology.processors[0].max_mhz, 4700U);
  EXPECT_EQ(topology.processors[15].max_mhz, 3400U);
}

TEST(TopologyReader, LowPowerCoresAreThoseOutsideOfTheL3Cache) {
  const model::HostTopology topology = read_recorded("intel-core-ultra-7-155h");
  EXPECT_EQ(of_kind(topology, CoreKind::performance), range(0, 11));
  EXPECT_EQ(of_kind(topology, CoreKind::efficiency), range(12, 19));
  EXPECT_EQ(of_kind(topology, CoreKind::lowPower), range(20, 21));
  EXPECT_FALSE(core_of(topology, 20).l3);
  EXPECT_EQ(core_of(topology, 20).cluster, core_of(topology, 21).cluster);
  EXPECT_EQ(topology.l3_groups.at(0).processors, range(0, 19));
}

TEST(TopologyReader, NewerKernelsCountLowPowerCoresApart) {
  const model::HostTopology topology = read_text(
      "sys/devices/system/cpu/online = 0-3\nsys/devices/cpu_core/cpus = 0-1\nsys/devices/cpu_atom/cpus = 2\n"
      "sys/devices/cpu_lowpower/cpus = 3\n");
  EXPECT_EQ(of_kind(topology, CoreKind::performance), range(0, 1));
  EXPECT_THAT(of_kind(topology, CoreKind::efficiency), ElementsAre(2));
  EXPECT_THAT(of_kind(topology, CoreKind::lowPower), ElementsAre(3));
}

TEST(TopologyReader, DesktopOfTwoDiesHasAnL3CachePerDie) {
  const model::HostTopology topology = read_recorded("amd-ryzen-9-7950x");
  EXPECT_EQ(topology.cores.size(), 16U);
  ASSERT_EQ(topology.l3_groups.size(), 2U);
  EXPECT_EQ(topology.l3_groups[0].processors, both(range(0, 7), range(16, 23)));
  EXPECT_EQ(topology.l3_groups[1].processors, both(range(8, 15), range(24, 31)));
  EXPECT_THAT(core_of(topology, 24).processors, ElementsAre(8, 24));
  EXPECT_EQ(core_of(topology, 24).l3, 1U);
  EXPECT_EQ(of_kind(topology, CoreKind::plain).size(), 32U);
  // A core has its L2 cache for itself: its two threads are no cluster.
  EXPECT_THAT(topology.clusters, IsEmpty());
}

TEST(TopologyReader, Zen2HasSeveralComplexesPerDie) {
  const model::HostTopology topology = read_recorded("amd-ryzen-9-3900x");
  ASSERT_EQ(topology.l3_groups.size(), 4U);
  EXPECT_EQ(topology.l3_groups[2].processors, both(range(6, 8), range(18, 20)));
  EXPECT_EQ(topology.l3_groups[2].size, 16_MiB);
  EXPECT_THAT(core_of(topology, 20).processors, ElementsAre(8, 20));  // by thread_siblings_list: an older kernel
  EXPECT_EQ(core_of(topology, 5).l3, core_of(topology, 3).l3);
  EXPECT_NE(core_of(topology, 5).l3, core_of(topology, 6).l3);
}

TEST(TopologyReader, TwoSocketsThatAreCountedInTurn) {
  const model::HostTopology topology = read_recorded("intel-xeon-gold-6130-two-sockets");
  ASSERT_EQ(topology.packages.size(), 2U);
  ASSERT_EQ(topology.nodes.size(), 2U);
  EXPECT_EQ(topology.cores.size(), 32U);
  for (const std::uint32_t processor : range(0, 63)) {
    const model::HostCore& core = core_of(topology, processor);
    EXPECT_EQ(core.package, processor % 2);
    EXPECT_EQ(core.node, processor % 2);
    EXPECT_EQ(core.l3, processor % 2);
  }
  EXPECT_THAT(core_of(topology, 33).processors, ElementsAre(1, 33));
  EXPECT_THAT(topology.nodes[1].distances, ElementsAre(21, 10));
  EXPECT_EQ(topology.nodes[1].memory_total, Bytes{98304000} * 1024);
  EXPECT_EQ(topology.nodes[1].memory_free, Bytes{70000000} * 1024);
}

TEST(TopologyReader, FourNodesPerSocketAndMoreProcessorsThanAWordHasBits) {
  const model::HostTopology topology = read_recorded("amd-epyc-7763-two-sockets-nps4");
  EXPECT_EQ(topology.processors.size(), 256U);
  EXPECT_EQ(topology.cores.size(), 128U);
  EXPECT_EQ(topology.packages.size(), 2U);
  ASSERT_EQ(topology.nodes.size(), 8U);
  EXPECT_EQ(topology.l3_groups.size(), 16U);
  EXPECT_EQ(topology.nodes[5].processors, both(range(80, 95), range(208, 223)));
  // The last processor is a second thread, of the last core of the last complex of the last node.
  EXPECT_THAT(core_of(topology, 255).processors, ElementsAre(127, 255));
  EXPECT_EQ(core_of(topology, 255).l3, 15U);
  EXPECT_EQ(core_of(topology, 255).node, 7U);
  EXPECT_EQ(core_of(topology, 255).package, 1U);
  EXPECT_THAT(topology.nodes[0].distances, ElementsAre(10, 12, 12, 12, 32, 32, 32, 32));
}

TEST(TopologyReader, ArmBoardTellsBigCoresByTheirCapacity) {
  const model::HostTopology topology = read_recorded("rockchip-rk3588");
  EXPECT_EQ(of_kind(topology, CoreKind::efficiency), range(0, 3));
  EXPECT_EQ(of_kind(topology, CoreKind::performance), range(4, 7));
  EXPECT_EQ(topology.l3_groups.size(), 1U);
  // What the device tree calls clusters shares no L2 cache here.
  EXPECT_THAT(topology.clusters, IsEmpty());
  EXPECT_THAT(topology.nodes, IsEmpty());
  EXPECT_FALSE(core_of(topology, 0).node);
}

TEST(TopologyReader, ArmBoardWithoutCachesAndPackageNumbers) {
  const model::HostTopology topology = read_recorded("rockchip-rk3399");
  ASSERT_EQ(topology.packages.size(), 1U);
  EXPECT_EQ(topology.packages[0].id, 0U);
  EXPECT_THAT(topology.l3_groups, IsEmpty());
  ASSERT_EQ(topology.clusters.size(), 2U);
  EXPECT_EQ(topology.clusters[0].processors, range(0, 3));
  EXPECT_EQ(topology.clusters[1].processors, range(4, 5));
  EXPECT_EQ(of_kind(topology, CoreKind::performance), range(4, 5));
}

TEST(TopologyReader, VirtualMachineIsOneNodeWithOneCache) {
  const model::HostTopology topology = read_recorded("kvm-guest-amd-epyc");
  EXPECT_EQ(topology.cores.size(), 2U);
  EXPECT_EQ(topology.l3_groups.at(0).processors, range(0, 1));
  EXPECT_EQ(topology.nodes.at(0).memory_free, Bytes{11935988} * 1024);
  EXPECT_FALSE(topology.processors[0].max_mhz);
  EXPECT_THAT(topology.clusters, IsEmpty());
  EXPECT_EQ(of_kind(topology, CoreKind::plain), range(0, 1));
}

TEST(TopologyReader, SwitchedOffProcessorsAreShownAndAreInNothing) {
  std::string manifest = RecordedHost::manifest("amd-ryzen-9-7950x");
  const std::string online = "cpu/online = 0-31";
  manifest.replace(manifest.find(online), online.size(), "cpu/online = 0-2,5,16");
  const model::HostTopology topology = read_text(manifest);
  EXPECT_EQ(topology.processors.size(), 32U);
  EXPECT_EQ(topology.cores.size(), 4U);
  EXPECT_FALSE(topology.processors[3].online);
  EXPECT_FALSE(topology.processors[17].core);
  EXPECT_THAT(core_of(topology, 0).processors, ElementsAre(0, 16));
  EXPECT_THAT(core_of(topology, 1).processors, ElementsAre(1));
  EXPECT_THAT(topology.nodes.at(0).processors, ElementsAre(0, 1, 2, 5, 16));
}

TEST(TopologyReader, HolesInTheNumbersOfProcessorsAndNodes) {
  const model::HostTopology topology = read_text(
      "sys/devices/system/cpu/present = 0,7,900\nsys/devices/system/cpu/online = 0,7,900\nsys/devices/system/node/online = 0,8\n"
      "sys/devices/system/node/node0/cpulist = 0,7\nsys/devices/system/node/node8/cpulist = 900\n"
      "sys/devices/system/cpu/cpu{900}/topology/physical_package_id = 36\n");
  EXPECT_EQ(topology.processors.size(), 3U);
  EXPECT_EQ(topology.cores.at(2).node, 8U);
  EXPECT_EQ(topology.cores.at(2).package, 36U);
  EXPECT_EQ(topology.packages.size(), 2U);
}

TEST(TopologyReader, NodeOfMemoryAloneIsKept) {
  const model::HostTopology topology = read_text(
      "sys/devices/system/cpu/online = 0\nsys/devices/system/node/online = 0-1\nsys/devices/system/node/node0/cpulist = 0\n"
      "sys/devices/system/node/node1/cpulist = \nsys/devices/system/node/node1/meminfo = Node 1 MemTotal: 1024 kB\n");
  ASSERT_EQ(topology.nodes.size(), 2U);
  EXPECT_THAT(topology.nodes[1].processors, IsEmpty());
  EXPECT_EQ(topology.nodes[1].memory_total, 1_MiB);
}

TEST(TopologyReader, HostThatHidesSysfsStillHasItsProcessors) {
  const model::HostTopology topology =
      read_text("proc/stat = cpu  1 2 3 4\nproc/stat = cpu0 1 2 3 4\nproc/stat = cpu5 1 2 3 4\n");
  ASSERT_EQ(topology.processors.size(), 2U);
  EXPECT_EQ(topology.processors[1].id, 5U);
  EXPECT_EQ(topology.cores.size(), 2U);
  EXPECT_THAT(topology.l3_groups, IsEmpty());
}

TEST(TopologyReader, HostThatHidesEverythingIsEmpty) {
  const model::HostTopology topology = read_text("etc/nothing = here\n");
  EXPECT_THAT(topology.processors, IsEmpty());
  EXPECT_THAT(topology.cores, IsEmpty());
}

TEST(TopologyReader, ContradictionsPutNoProcessorInTwoPlaces) {
  const model::HostTopology topology = read_text(
      "sys/devices/system/cpu/present = 0-5\nsys/devices/system/cpu/online = 0-5\n"
      "sys/devices/system/cpu/cpu{0-3}/topology/core_cpus_list = 0-2\n"
      "sys/devices/system/cpu/cpu{4}/topology/core_cpus_list = 0-5,7000\n"
      "sys/devices/system/cpu/cpu{0-5}/topology/physical_package_id = 99999999999999999999\n"
      "sys/devices/system/cpu/cpu{0-5}/cache/index0/level = 3\n"
      "sys/devices/system/cpu/cpu{0-5}/cache/index0/size = lots\n"
      "sys/devices/system/cpu/cpu{0}/cache/index0/shared_cpu_list = 0-3\n"
      "sys/devices/system/cpu/cpu{4-5}/cache/index0/shared_cpu_list = 2-5\n"
      "sys/devices/system/node/online = 0-1,5000\nsys/devices/system/node/node{0-1}/cpulist = 0-9\n"
      "sys/devices/system/node/node{0-1}/distance = 10 -3 999\n"
      "sys/devices/cpu_core/cpus = -\nsys/devices/cpu_atom/cpus = 0-3\n");
  EXPECT_EQ(topology.processors.size(), 6U);
  EXPECT_THAT(core_of(topology, 2).processors, ElementsAre(0, 1, 2));
  EXPECT_THAT(core_of(topology, 3).processors, ElementsAre(3));
  EXPECT_THAT(core_of(topology, 5).processors, ElementsAre(4, 5));
  EXPECT_EQ(core_of(topology, 3).l3, 0U);
  EXPECT_EQ(topology.l3_groups.at(0).size, Bytes{});
  EXPECT_EQ(topology.nodes.at(0).processors, range(0, 5));
  EXPECT_THAT(topology.nodes.at(1).processors, IsEmpty());
  EXPECT_THAT(topology.nodes.at(0).distances, ElementsAre(10));
}

TEST(TopologyReader, ReadsThisHost) {
  const TopologyReader reader;
  const model::HostTopology topology = reader.read();
  expect_sound(topology);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ASSERT_EQ(::sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  for (const model::HostProcessor& processor : topology.processors) {
    if (processor.online && processor.id < CPU_SETSIZE && CPU_ISSET(processor.id, &allowed)) CPU_CLR(processor.id, &allowed);
  }
  EXPECT_EQ(CPU_COUNT(&allowed), 0) << "this test may run on a processor that is not in the answer";
  EXPECT_FALSE(reader.processor_times().empty());
}

TEST(TopologyParsing, TimesOfEachProcessor) {
  const auto times = parse_processor_times(
      "cpu  9 9 9 9\ncpu0 1 2 3 4 5 6\ncpu12 1 0 0 9\ncpux 1 1\ncpu99999 1 1\ncpu3\nintr 5\ncpu4 1 1 1 1\n");
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times.at(0).busy, 12U);
  EXPECT_EQ(times.at(0).total, 21U);
  EXPECT_EQ(times.at(12).busy, 1U);
  EXPECT_THAT(parse_processor_times(""), IsEmpty());
}

TEST(TopologyParsing, SizesOfCaches) {
  EXPECT_EQ(parse_cache_size("32768K"), 32_MiB);
  EXPECT_EQ(parse_cache_size("4M"), 4_MiB);
  EXPECT_EQ(parse_cache_size("512"), Bytes{512});
  for (const char* text : {"", "K", "-1K", "4G", "99999999999999999999K"}) EXPECT_EQ(parse_cache_size(text), Bytes{}) << text;
}

TEST(TopologyParsing, MemoryOfANode) {
  EXPECT_EQ(parse_node_memory("Node 3 MemTotal:   2 kB\nNode 3 MemFree: 1 kB\n", "MemFree"), 1_KiB);
  for (const char* text : {"", "Node 0 MemFree: 5", "Node 0 MemFree: x kB", "Node 0 MemFree: kB", " MemFree: kB"})
    EXPECT_EQ(parse_node_memory(text, "MemFree"), Bytes{}) << text;
}

}  // namespace
}  // namespace visor::host
