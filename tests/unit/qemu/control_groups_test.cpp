#include "qemu/control_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "qemu/pinning.h"

namespace visor::qemu {
namespace {

using ::testing::ElementsAre;

TEST(ControlGroups, WithoutReservationsWeightsAreTheUsersOwn) {
  EXPECT_THAT(effective_weights({{100, 1, 0}, {400, 1, 0}}, 4), ElementsAre(100, 400));
}

TEST(ControlGroups, ReservationHoldsWhateverWeightTheOthersHave) {
  // Two of four processors for the first, though the second has a hundred times its weight.
  const std::vector<std::uint32_t> weights = effective_weights({{100, 2, 2}, {10000, 2, 0}, {10000, 2, 0}}, 4);
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  EXPECT_GE(weights[0] / all, 0.5);
  EXPECT_LT(weights[0] / all, 0.51) << "and takes no more than it must";
  EXPECT_EQ(weights[1], weights[2]);
}

TEST(ControlGroups, AllOfTheHostCanBePromised) {
  const std::vector<std::uint32_t> weights = effective_weights({{100, 3, 3}, {100, 1, 1}, {100, 1, 0}}, 4);
  EXPECT_NEAR(weights[0] / static_cast<double>(weights[1]), 3, 0.01);
  EXPECT_EQ(weights[2], 1U) << "the kernel knows no 0";
}

TEST(ControlGroups, ReservationHoldsAgainstTheRestOfTheHost) {
  EXPECT_EQ(weight_of_all({{100, 2, 0}}, {100}, 100), 100U) << "nothing is reserved: as everyone else";
  // Four fifths of one processor against a neighbour of the usual weight on the same one.
  const std::uint32_t weight = weight_of_all({{100, 1, 0.8}}, {10000}, 100);
  EXPECT_GE(weight / (weight + 100.0), 0.8);
  EXPECT_LT(weight / (weight + 100.0), 0.85);
  // Of two virtual processors each needs its part.
  EXPECT_NEAR(weight_of_all({{100, 2, 1.6}}, {10000}, 100), 2 * weight, 2);
  EXPECT_EQ(weight_of_all({{100, 1, 1}}, {10000}, 100), 10000U);
}

TEST(ControlGroups, StepsNameEachFileThatIsWritten) {
  model::Cpu cpu;
  EXPECT_TRUE(control_group_steps(cpu).empty());
  cpu.count = 4;
  cpu.weight = 200;
  cpu.limit_percent = 50;
  cpu.pinning = {{"2", "3-4"}, "5", true, ""};
  std::vector<std::string> lines;
  for (const model::ExplainedStep& step : control_group_steps(cpu)) lines.push_back(step.target + "=" + step.value);
  EXPECT_THAT(lines, ElementsAre("cpu.weight=200", "cpu.max=200000 100000", "cpuset.cpus=2-5", "cpuset.cpus.partition=root"));
}

TEST(ControlGroups, WithoutControlGroupsNothingIsDoneAndTheReasonIsKept) {
  ControlGroups groups({std::nullopt, false, "No."}, {0, 1});
  EXPECT_EQ(groups.reason(), "No.");
  EXPECT_FALSE(groups.enter("id", "name", {}));
  groups.release("id");
}

}  // namespace
}  // namespace visor::qemu
