#include "host/pinning_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "host/recorded_host.h"
#include "host/topology_reader.h"

namespace visor::host {
namespace {

using model::CoreKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// Read once per host: they do not change.
const model::HostTopology& recorded(const std::string& name) {
  static std::map<std::string, model::HostTopology> known;
  const auto [found, is_new] = known.try_emplace(name);
  if (is_new) {
    const RecordedHost host(RecordedHost::manifest(name));
    found->second = TopologyReader(host.root()).read();
  }
  return found->second;
}

/// A plan beside the host that it is for, so that tests can ask what holds of it.
struct Planned {
  model::HostTopology topology;
  PinningPlan plan;

  const model::HostCore& core(std::size_t vcpu) const {
    return topology.cores.at(topology.processors.at(plan.processors.at(vcpu)).core.value());
  }
  template <class Value>
  std::set<Value> of_cores(Value model::HostCore::*member) const {
    std::set<Value> values;
    for (std::size_t vcpu = 0; vcpu < plan.processors.size(); ++vcpu) values.insert(core(vcpu).*member);
    return values;
  }
  std::size_t cores() const { return of_cores(&model::HostCore::id).size(); }
  std::size_t caches() const { return of_cores(&model::HostCore::l3).size(); }
  std::size_t nodes() const { return of_cores(&model::HostCore::node).size(); }
};

Planned plan(const std::string& host, const PinningWish& wish, const std::vector<PinningClaim>& claims = {}) {
  Planned planned{recorded(host), {}};
  planned.plan = plan_pinning(planned.topology, claims, wish);
  EXPECT_EQ(planned.plan.processors.size(), wish.vcpus);
  const std::set<std::uint32_t> different(planned.plan.processors.begin(), planned.plan.processors.end());
  EXPECT_EQ(different.size(), std::min<std::size_t>(wish.vcpus, planned.topology.processors.size()));
  return planned;
}

TEST(PinningPlanner, FastestGivesEachVcpuACoreOfOneCacheAndLeavesProcessor0Alone) {
  const Planned planned = plan("amd-ryzen-9-7950x", {.vcpus = 8, .goal = PinningGoal::fastest});
  EXPECT_EQ(planned.cores(), 8U);
  EXPECT_EQ(planned.caches(), 1U);
  EXPECT_THAT(planned.plan.processors, Not(Contains(0U)));
  EXPECT_THAT(planned.plan.reasons, IsSupersetOf({HasSubstr("share the L3 cache #1"), HasSubstr("a core for itself")}));
  EXPECT_THAT(planned.plan.warnings, IsEmpty());
}

TEST(PinningPlanner, FastestRatherTakesWholeCoresOfTwoCachesThanSiblingsOfOneAndSaysSo) {
  const Planned planned = plan("amd-ryzen-9-7950x", {.vcpus = 12, .goal = PinningGoal::fastest});
  EXPECT_EQ(planned.cores(), 12U);
  EXPECT_EQ(planned.caches(), 2U);
  EXPECT_THAT(planned.plan.warnings, ElementsAre(HasSubstr("spread over 2 L3 caches")));
}

TEST(PinningPlanner, BalancedUsesBothThreadsOfHalfAsManyCores) {
  const Planned planned = plan("amd-ryzen-9-7950x", {.vcpus = 12, .goal = PinningGoal::balanced});
  EXPECT_EQ(planned.cores(), 6U);
  EXPECT_EQ(planned.caches(), 1U);
}

TEST(PinningPlanner, SiblingVcpusGetSiblings) {
  for (const PinningGoal goal : {PinningGoal::fastest, PinningGoal::balanced, PinningGoal::quiet}) {
    const Planned planned = plan("amd-ryzen-9-3900x", {.vcpus = 6, .threads = 2, .goal = goal});
    for (std::size_t vcpu = 0; vcpu < 6; vcpu += 2) EXPECT_EQ(planned.core(vcpu).id, planned.core(vcpu + 1).id);
    EXPECT_EQ(planned.cores(), 3U);
    EXPECT_EQ(planned.caches(), 1U) << "a complex of Zen 2 has three cores";
    EXPECT_THAT(planned.plan.reasons, Contains("Sibling vCPUs are siblings on the host."));
  }
}

TEST(PinningPlanner, ComplexOfAnotherMachineIsAvoidedAsAWhole) {
  // The other owns one thread of each complex but the third.
  const std::vector<PinningClaim> claims{{"web", {0}}, {"db", {3, 21}}};
  const Planned planned = plan("amd-ryzen-9-3900x", {.vcpus = 6, .threads = 2}, claims);
  EXPECT_THAT(planned.of_cores(&model::HostCore::l3), ElementsAre(2U));
  EXPECT_THAT(planned.plan.reasons, Contains("No core belongs to another machine."));
  // Siblings of what is owned are no free cores: nine cores are left for one vCPU each, not ten.
  const Planned larger = plan("amd-ryzen-9-3900x", {.vcpus = 9, .goal = PinningGoal::fastest}, claims);
  EXPECT_THAT(larger.of_cores(&model::HostCore::id), Not(Contains(0U)));
  EXPECT_THAT(larger.of_cores(&model::HostCore::id), Not(Contains(9U)));
}

TEST(PinningPlanner, OverlapIsTheLastResortAndNamesTheNeighbour) {
  const Planned planned = plan("kvm-guest-amd-epyc", {.vcpus = 2}, {{"web", {0}}});
  EXPECT_THAT(planned.plan.warnings, UnorderedElementsAre(HasSubstr("'web'"), HasSubstr("No core is left for the host")));
}

TEST(PinningPlanner, HybridLaptopIsFastOnPerformanceCoresAndQuietOnOneModule) {
  const Planned fast = plan("intel-core-i7-1260p", {.vcpus = 3, .goal = PinningGoal::fastest});
  EXPECT_THAT(fast.of_cores(&model::HostCore::kind), ElementsAre(CoreKind::performance));
  EXPECT_EQ(fast.cores(), 3U);
  EXPECT_THAT(fast.plan.processors, Not(Contains(0U)));
  EXPECT_THAT(fast.plan.reasons, Contains("Only performance cores are used."));
  const Planned quiet = plan("intel-core-i7-1260p", {.vcpus = 4, .goal = PinningGoal::quiet});
  EXPECT_EQ(quiet.of_cores(&model::HostCore::cluster).size(), 1U) << "the other module can sleep";
  EXPECT_THAT(quiet.of_cores(&model::HostCore::kind), ElementsAre(CoreKind::efficiency));
}

TEST(PinningPlanner, HybridLaptopMixesKindsOnlyWhenItMustAndSaysSo) {
  const Planned planned = plan("intel-core-i7-1260p", {.vcpus = 10, .goal = PinningGoal::fastest});
  EXPECT_EQ(planned.of_cores(&model::HostCore::kind).size(), 2U);
  EXPECT_THAT(planned.plan.warnings, Contains(HasSubstr("different speed")));
}

TEST(PinningPlanner, LowPowerCoresAreNobodysFirstChoice) {
  for (const PinningGoal goal : {PinningGoal::fastest, PinningGoal::balanced, PinningGoal::quiet}) {
    const Planned planned = plan("intel-core-ultra-7-155h", {.vcpus = 8, .goal = goal});
    EXPECT_THAT(planned.of_cores(&model::HostCore::kind), Not(Contains(CoreKind::lowPower)));
  }
}

TEST(PinningPlanner, TwoSocketsAreNotMixedAlthoughTheirNumbersAre) {
  const Planned planned = plan("intel-xeon-gold-6130-two-sockets", {.vcpus = 16, .threads = 2});
  EXPECT_EQ(planned.nodes(), 1U);
  EXPECT_EQ(planned.plan.node, 1U) << "node 0 has processor 0";
  EXPECT_EQ(planned.cores(), 8U);
  const Planned other = plan("intel-xeon-gold-6130-two-sockets", {.vcpus = 16, .threads = 2}, {{"db", planned.plan.processors}});
  EXPECT_EQ(other.plan.node, 1U) << "eight free cores are left there, which is the tighter place";
  const Planned third = plan("intel-xeon-gold-6130-two-sockets", {.vcpus = 16, .threads = 2},
                             {{"db", planned.plan.processors}, {"web", other.plan.processors}});
  EXPECT_EQ(third.plan.node, 0U);
}

TEST(PinningPlanner, NodeOfFourIsFilledBeforeTheNextIsTouched) {
  const Planned one_cache = plan("amd-epyc-7763-two-sockets-nps4", {.vcpus = 8, .goal = PinningGoal::fastest});
  EXPECT_EQ(one_cache.caches(), 1U);
  const Planned one_node = plan("amd-epyc-7763-two-sockets-nps4", {.vcpus = 16, .goal = PinningGoal::fastest});
  EXPECT_EQ(one_node.nodes(), 1U);
  EXPECT_EQ(one_node.caches(), 2U);
  EXPECT_EQ(one_node.cores(), 16U);
  const Planned one_socket = plan("amd-epyc-7763-two-sockets-nps4", {.vcpus = 64, .threads = 2});
  EXPECT_EQ(one_socket.nodes(), 2U);
  EXPECT_EQ(one_socket.of_cores(&model::HostCore::package).size(), 1U);
  EXPECT_FALSE(one_socket.plan.node);
  EXPECT_THAT(one_socket.plan.warnings, Contains(HasSubstr("2 NUMA nodes")));
}

TEST(PinningPlanner, ArmBoardsUseTheirBigCores) {
  EXPECT_THAT(plan("rockchip-rk3588", {.vcpus = 4, .goal = PinningGoal::fastest}).plan.processors, ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(plan("rockchip-rk3399", {.vcpus = 2, .goal = PinningGoal::balanced}).plan.processors, ElementsAre(4, 5));
  EXPECT_THAT(plan("rockchip-rk3399", {.vcpus = 2, .goal = PinningGoal::quiet}).of_cores(&model::HostCore::kind),
              ElementsAre(CoreKind::efficiency));
}

TEST(PinningPlanner, GuestThreadsWithoutHostThreadsAreSaidToBeWrong) {
  const Planned planned = plan("rockchip-rk3588", {.vcpus = 4, .threads = 2}, {{"web", {4}}});
  EXPECT_THAT(planned.plan.warnings, Contains(HasSubstr("not siblings on the host")));
  EXPECT_THAT(planned.plan.processors, Not(Contains(4U)));
}

TEST(PinningPlanner, MoreVcpusThanProcessorsShareThem) {
  const Planned planned = plan("kvm-guest-amd-epyc", {.vcpus = 5});
  EXPECT_THAT(planned.plan.processors, ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(planned.plan.warnings, Contains(HasSubstr("5 vCPUs and the host 2 processors")));
}

TEST(PinningPlanner, BusyPlaceIsLeftForAnIdleOne) {
  model::HostTopology topology = recorded("amd-ryzen-9-7950x");
  for (model::HostProcessor& processor : topology.processors) {
    const bool second_die = processor.id % 16 >= 8;
    processor.load_percent = second_die ? 90 : 2;
  }
  const PinningPlan chosen = plan_pinning(topology, {}, {.vcpus = 4, .goal = PinningGoal::fastest});
  EXPECT_TRUE(std::ranges::all_of(chosen.processors, [](std::uint32_t id) { return id % 16 < 8 && id != 0; }));
}

TEST(PinningPlanner, HostWithoutProcessorsHasNoPlan) {
  EXPECT_THAT(plan_pinning({}, {}, {.vcpus = 2}).processors, IsEmpty());
  EXPECT_THAT(plan_pinning(recorded("rockchip-rk3588"), {}, {.vcpus = 0}).processors, IsEmpty());
}

}  // namespace
}  // namespace visor::host
