#include "model/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace visor::model {
namespace {

std::vector<std::string> refused(const Profile& profile) {
  Validation validation;
  check_profile(profile, validation);
  std::vector<std::string> fields;
  for (const FieldError& error : validation.fields()) fields.push_back(error.field);
  return fields;
}

TEST(Profiles, ThoseThatComeWithVisorAreGood) {
  ASSERT_GE(built_in_profiles().size(), 3U);
  for (const Profile& profile : built_in_profiles()) {
    EXPECT_THAT(refused(profile), ::testing::IsEmpty()) << profile.name;
    EXPECT_TRUE(profile.built_in);
    EXPECT_FALSE(profile.description.empty());
  }
}

TEST(Profiles, WhatBelongsToOneMachineIsRefusedWithEverythingElseThatIsWrong) {
  const Profile profile{"No name", "", false, {{"os", {{"id", "win11"}}}, {"firmware", "bios"}, {"cpu", {{"count", 0}}}}};
  EXPECT_THAT(refused(profile), ::testing::IsSupersetOf({"name", "spec.os.id", "spec.firmware", "spec.cpu.count"}));
  EXPECT_THAT(refused({"x", "", false, {{"disks", boost::json::array()}}}), ::testing::Contains("spec.disks"));
  EXPECT_THAT(refused({"x", "", false, {{"cpu", {{"pinning", {{"emulator", "0"}}}}}}}),
              ::testing::Contains("spec.cpu.pinning.emulator"));
  EXPECT_THAT(refused({"x", "", false, {}}), ::testing::ElementsAre("spec"));
  EXPECT_FALSE(refused({"x", "", false, {{"cpuu", 1}}}).empty());
}

TEST(Profiles, AMachineGivesAwayWhatWouldSuitAnother) {
  MachineSpec spec;
  spec.cpu.count = 7;
  spec.cpu.pinning.emulator = "0";
  spec.memory.merge = false;
  spec.firmware = Firmware::bios;
  spec.os.id = "win11";
  spec.disks.push_back({.id = "disk0"});
  spec.machine_version = "pc-q35-7.2";
  EXPECT_EQ(portable_settings(spec), (boost::json::object{{"cpu", {{"count", 7}}}, {"memory", {{"merge", false}}}}));
  EXPECT_TRUE(portable_settings(MachineSpec{}).empty());
}

}  // namespace
}  // namespace visor::model
