#include "model/validate_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/refused_fields.h"

namespace visor::model {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ValidateMemory, BoundsOfDynamicMemoryEncloseTheSize) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.memory.dynamic = {true, 512_MiB, 2_GiB, 20}; }), IsEmpty());
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.memory.dynamic = {true, 2_GiB, 4_GiB, 20};
              }),
              ElementsAre("spec.memory.dynamic.minimum"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.memory.dynamic = {true, {}, 512_MiB, 20};
              }),
              ElementsAre("spec.memory.dynamic.maximum"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.memory.dynamic = {true, {}, {}, 201};
              }),
              ElementsAre("spec.memory.dynamic.bufferPercent"));
}

TEST(ValidateMemory, ZeroStandsForHalfOfTheSizeAndForTheSize) {
  Memory memory;
  memory.size = 3_GiB;
  EXPECT_EQ(memory_bounds(memory).minimum, 1536_MiB);
  EXPECT_EQ(memory_bounds(memory).maximum, 3_GiB);
  EXPECT_EQ(memory_at_start(memory), 3_GiB);
  memory.dynamic = {true, {}, 8_GiB, 20};
  EXPECT_EQ(memory_at_start(memory), 8_GiB);
}

TEST(ValidateMemory, HugePagesAndLockedMemoryCannotBeDynamicAndAllProblemsAreListed) {
  const auto refused = testing::refused_fields([](MachineSpec& spec) {
    spec.memory.dynamic.enabled = true;
    spec.memory.page_size = "2MiB";
    spec.memory.locked = true;
  });
  EXPECT_THAT(refused, ElementsAre("spec.memory.pageSize", "spec.memory.locked"));
}

TEST(ValidateMemory, SizeIsAWholeNumberOfPagesPerNode) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.memory.size = 1025_MiB;
                spec.memory.page_size = "2MiB";
              }),
              Contains("spec.memory.size"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.memory.page_size = "1GiB"; }), IsEmpty());
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.memory.page_size = "16KiB"; }),
              Contains("spec.memory.pageSize"));
}

TEST(ValidateMemory, NodesShareProcessorsEvenlyAndNeedAtLeastOneEach) {
  MachineSpec spec;
  spec.cpu.count = 5;
  spec.memory.nodes = 2;
  EXPECT_THAT(processors_of_nodes(spec), ElementsAre("0-1", "2-4"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& one) {
                one.cpu.count = 1;
                one.memory.nodes = 2;
              }),
              ElementsAre("spec.memory.nodes"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& one) {
                one.memory.host_nodes = {"0", "1"};
              }),
              ElementsAre("spec.memory.hostNodes"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& one) { one.memory.host_nodes = {"zero"}; }),
              ElementsAre("spec.memory.hostNodes[0]"));
}

TEST(ValidateMemory, MoreCannotBeReservedThanTheLimitLets) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.limit_percent = 50;
                spec.cpu.reserve_percent = 60;
              }),
              ElementsAre("spec.cpu.reservePercent"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.pinning.exclusive = true; }),
              ElementsAre("spec.cpu.pinning.exclusive"));
}

}  // namespace
}  // namespace visor::model
