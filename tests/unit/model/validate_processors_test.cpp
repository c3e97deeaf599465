#include "model/validate_processors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/refused_fields.h"

namespace visor::model {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

CpuTopology topology_of(std::uint32_t count, CpuTopology wanted, std::uint32_t maximum = 0) {
  Cpu cpu;
  cpu.count = count;
  cpu.maximum = maximum;
  cpu.topology = wanted;
  return resolve_topology(cpu).value_or(CpuTopology{});
}

void expect_same(const CpuTopology& got, const CpuTopology& wanted) {
  EXPECT_EQ(got.sockets, wanted.sockets);
  EXPECT_EQ(got.dies, wanted.dies);
  EXPECT_EQ(got.cores, wanted.cores);
  EXPECT_EQ(got.threads, wanted.threads);
}

TEST(Topology, WhatIsLeftOpenIsFilledInSoThatTheProductFits) {
  expect_same(topology_of(4, {}), {1, 1, 4, 1});
  expect_same(topology_of(8, {0, 0, 0, 2}), {1, 1, 4, 2});
  expect_same(topology_of(8, {2, 0, 0, 0}), {2, 1, 4, 1});
  expect_same(topology_of(8, {2, 2, 0, 2}), {2, 2, 1, 2});
  expect_same(topology_of(8, {0, 0, 4, 0}), {2, 1, 4, 1});
  expect_same(topology_of(2, {}, 6), {1, 1, 6, 1});
}

TEST(Topology, OneThatDoesNotFitIsRefusedAndNamed) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.topology = {3, 0, 0, 0};
              }),
              Contains("spec.cpu.topology"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.topology = {1, 1, 4, 1};
              }),
              Contains("spec.cpu.topology"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.count = 3;
                spec.cpu.topology.threads = 2;
              }),
              Contains("spec.cpu.topology"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.topology = {64, 16, 288, 8};
              }),
              Contains("spec.cpu.topology"))
      << "a product beyond any number must not wrap around to one that fits";
}

TEST(Processors, FewerAtMostThanAtStartIsRefused) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.count = 4;
                spec.cpu.maximum = 2;
              }),
              Contains("spec.cpu.maximum"));
}

TEST(Processors, FeaturesCannotSmuggleInOtherOptions) {
  for (const char* bad : {"avx2", "+", "+a,b", "+a=on", "-", "+A", "+ a", "+a\n", "*x"}) {
    EXPECT_THAT(testing::refused_fields([&](MachineSpec& spec) { spec.cpu.features = {bad}; }), Contains("spec.cpu.features[0]"))
        << bad;
  }
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.features = {"+avx2", "-avx2"};
              }),
              Contains("spec.cpu.features[1]"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.features = {"+avx2", "-sse4.1", "+avx512-bf16"};
              }),
              IsEmpty());
}

TEST(Processors, ANameMustFitIntoCpuid) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.brand = std::string(48, 'x'); }), IsEmpty());
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.brand = std::string(49, 'x'); }),
              Contains("spec.cpu.brand"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.brand = "a,kvm=off"; }), Contains("spec.cpu.brand"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.brand = "处理器"; }), Contains("spec.cpu.brand"));
}

TEST(Processors, PinningTakesListsOnly) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.pinning = {{"0-1", "", "3"}, "0,2", false, "3-4"};
              }),
              IsEmpty());
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.cpu.pinning.vcpus = {"0", "x"};
              }),
              Contains("spec.cpu.pinning.vcpus[1]"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.pinning.emulator = "3-1"; }),
              Contains("spec.cpu.pinning.emulator"));
}

TEST(Ranges, EveryNumberOfTheTableIsHeldAgainstItsRange) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.count = 0; }), Contains("spec.cpu.count"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.physical_bits = 53; }), Contains("spec.cpu.physicalBits"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.cpu.physical_bits = 20; }), Contains("spec.cpu.physicalBits"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.autostart.order = -1001; }), Contains("spec.autostart.order"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.autostart.delay = 3601; }), Contains("spec.autostart.delay"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.memory.size = Bytes{UINT64_MAX}; }),
              Contains("spec.memory.size"));
}

TEST(Screen, OneSideAloneOrATinyScreenIsRefused) {
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.display.width = 1024; }), Contains("spec.display.width"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) { spec.display.width = spec.display.height = 100; }),
              Contains("spec.display.width"));
  EXPECT_THAT(testing::refused_fields([](MachineSpec& spec) {
                spec.display.width = 1920;
                spec.display.height = 1080;
              }),
              IsEmpty());
}

TEST(ValidateProcessors, AnEnergyPreferenceIsForProcessorsThatNobodyElseUses) {
  const auto saving = [](bool exclusive) {
    return testing::refused_fields([&](MachineSpec& spec) {
      spec.cpu.energy = Energy::power;
      spec.cpu.pinning = {{"0", "1"}, "", exclusive, ""};
    });
  };
  EXPECT_THAT(saving(true), ::testing::IsEmpty());
  EXPECT_THAT(saving(false), ::testing::ElementsAre("spec.cpu.energy"));
}

}  // namespace
}  // namespace visor::model
