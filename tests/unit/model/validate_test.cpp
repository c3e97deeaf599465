#include "model/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "model/lifecycle.h"
#include "model/settings.h"

namespace visor::model {
namespace {

std::vector<std::string> refused(const MachineSpec& spec) {
  Validation validation;
  check_spec(spec, "spec", validation);
  std::vector<std::string> fields;
  for (const FieldError& field : validation.fields()) fields.push_back(field.field);
  return fields;
}

bool machine_name_ok(const std::string& name) {
  Validation validation;
  check_machine_name(name, "name", validation);
  return validation.ok();
}

TEST(MachineName, OnlyHostNamesAreTaken) {
  for (const char* good : {"a", "hello", "web-1", "0day", "xn--abc"}) EXPECT_TRUE(machine_name_ok(good)) << good;
  const std::vector<std::string> bad{
      "",    "-a",  "a-", "A",     "a b", "a/b", "..", ".", "a\nb", std::string("a\0b", 3), std::string(64, 'a'),
      "a_b", "a.b", "ä",  "--yes", "a,b"};
  for (const std::string& name : bad) EXPECT_FALSE(machine_name_ok(name)) << name;
}

TEST(ImageName, CannotLeadOutOfTheDirectory) {
  const auto ok = [](const std::string& name) {
    Validation validation;
    check_image_name(name, "name", validation);
    return validation.ok();
  };
  for (const char* good : {"debian/12", "a", "my/own/image.v2"}) EXPECT_TRUE(ok(good)) << good;
  for (const char* bad : {"", "/", "../x", "a/../b", "a//b", "a/", "-a", "a/b/c/d/e", "A"}) EXPECT_FALSE(ok(bad)) << bad;
}

TEST(Spec, TheDefaultsAreValid) { EXPECT_TRUE(refused(MachineSpec{}).empty()); }

TEST(Spec, AllBadValuesAreNamedTogether) {
  MachineSpec spec;
  spec.cpu.count = 0;
  spec.memory.size = Bytes{0};
  spec.disks.push_back({});
  spec.nics.push_back({});
  spec.nics.back().id = "nic0";
  spec.nics.back().mac = "zz";
  spec.boot.initrd = "relative";
  const std::vector<std::string> fields = refused(spec);
  for (const char* field : {"spec.cpu.count", "spec.memory.size", "spec.disks[0].id", "spec.disks[0].size", "spec.nics[0].mac",
                            "spec.boot.initrd", "spec.boot.kernel"}) {
    EXPECT_NE(std::find(fields.begin(), fields.end(), field), fields.end()) << field;
  }
}

TEST(Spec, MemoryBeyondEveryHostIsRefused) {
  MachineSpec spec;
  spec.memory.size = Bytes{1ULL << 60U};
  EXPECT_EQ(refused(spec), std::vector<std::string>{"spec.memory.size"});
}

TEST(Spec, OptionsCannotBeSmuggledIntoWords) {
  for (const char* text : {"max,host=on", "host -net", "a\nb", "x=y"}) {
    MachineSpec spec;
    spec.cpu.model = text;
    EXPECT_EQ(refused(spec), std::vector<std::string>{"spec.cpu.model"}) << text;
  }
}

TEST(Settings, EverySettingIsAMemberOfTheModelAndHasItsTexts) {
  // settings() computes each default by walking the described structs, so a wrong key would throw here.
  EXPECT_GT(settings().size(), 30U);
  for (const Setting& setting : settings()) {
    EXPECT_FALSE(setting.title.empty()) << setting.key;
    EXPECT_FALSE(setting.description.empty()) << setting.key;
    EXPECT_TRUE(setting.description.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.type == "enum", !setting.values.empty()) << setting.key;
  }
}

TEST(Settings, EveryMemberOfTheModelHasASetting) {
  const boost::json::value spec = json::to_json(MachineSpec{});
  for (const auto& [key, value] : spec.get_object()) {
    const std::string name(key);
    const bool covered = std::any_of(settings().begin(), settings().end(), [&](const Setting& setting) {
      return setting.key == name || setting.key.starts_with(name + ".");
    });
    EXPECT_TRUE(covered) << name;
  }
}

TEST(Lifecycle, EveryActionIsDecidedForEveryStatus) {
  using S = Status;
  const std::vector<S> all{S::stopped, S::starting, S::running, S::paused, S::stopping, S::saved, S::crashed};
  const std::map<Action, std::vector<S>> allowed{
      {Action::start, {S::stopped, S::saved, S::crashed}},
      {Action::stop, {S::running, S::paused, S::starting, S::stopping}},
      {Action::restart, {S::running, S::paused}},
      {Action::reset, {S::running, S::paused}},
      {Action::pause, {S::running}},
      {Action::resume, {S::paused}},
      {Action::save, {S::running, S::paused}},
      {Action::rename, {S::stopped, S::running, S::paused, S::saved, S::crashed}},
      {Action::remove, {S::stopped, S::saved, S::crashed}},
      {Action::screenshot, {S::running, S::paused}},
      {Action::exec, {S::running}},
  };
  for (const auto& [action, statuses] : allowed) {
    for (const S status : all) {
      const bool expected = std::find(statuses.begin(), statuses.end(), status) != statuses.end();
      EXPECT_EQ(!refusal(action, status).has_value(), expected) << json::enum_name(action) << " when " << json::enum_name(status);
    }
  }
}

}  // namespace
}  // namespace visor::model
