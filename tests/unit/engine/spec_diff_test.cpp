#include "engine/spec_diff.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace visor::engine {
namespace {

model::MachineSpec with_nic() {
  model::MachineSpec spec;
  spec.nics.emplace_back();
  spec.nics.back().id = "nic0";
  return spec;
}

TEST(SpecDiff, EachChangedSettingIsNamedWithItsPlaceAndKey) {
  const model::MachineSpec before = with_nic();
  model::MachineSpec after = before;
  after.cpu.count = 4;
  after.nics[0].link_up = false;
  const auto found = differences(json::to_json(before), json::to_json(after));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].field, "cpu.count");
  EXPECT_EQ(found[1].field, "nics[0].linkUp");
  EXPECT_EQ(found[1].key, "nics[].linkUp");
}

TEST(SpecDiff, OnlyWhatNeedsANewStartIsPending) {
  const model::MachineSpec running = with_nic();
  model::MachineSpec wanted = running;
  wanted.cpu.count = 4;
  wanted.nics[0].link_up = false;
  wanted.protection.delete_ = true;
  wanted.machine_version = "pc-q35-7.2";
  const auto pending = pending_changes(running, wanted, [](const std::string& key) { return "why " + key; });
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].field, "cpu.count");
  EXPECT_EQ(pending[0].running, boost::json::value(2));
  EXPECT_EQ(pending[0].next, boost::json::value(4));
  EXPECT_EQ(pending[0].reason, "why cpu.count");
}

TEST(SpecDiff, AListOfPlainValuesIsOneSetting) {
  model::MachineSpec before;
  before.cpu.pinning.vcpus = {"0", "1"};
  model::MachineSpec after = before;
  after.cpu.pinning.vcpus[1] = "2";
  const auto found = differences(json::to_json(before), json::to_json(after));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "cpu.pinning.vcpus");
  EXPECT_EQ(found[0].to, (boost::json::array{"0", "2"}));
}

TEST(SpecDiff, AnotherMachineVersionIsPending) {
  model::MachineSpec running = with_nic();
  running.machine_version = "pc-q35-7.1";
  model::MachineSpec wanted = running;
  wanted.machine_version = model::kNewestVersion;
  const auto pending = pending_changes(running, wanted, [](const std::string&) { return ""; });
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].field, "machineVersion");
}

TEST(SpecDiff, AListOfAnotherLengthIsOneChange) {
  const model::MachineSpec before = with_nic();
  model::MachineSpec after = before;
  after.nics.clear();
  const auto found = differences(json::to_json(before), json::to_json(after));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "nics");
}

}  // namespace
}  // namespace visor::engine
