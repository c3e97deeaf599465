#include "qemu/arguments.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <boost/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "qemu/live_settings.h"
#include "qemu/test_configurations.h"

namespace visor::qemu {
namespace {

using testing::Configuration;

std::vector<model::ExplainedArgument> arguments_of(const Configuration& configuration) {
  return make_arguments(configuration.definition, make_plan(configuration.definition, configuration.choices));
}

/// Arguments, and the steps that follow them: QMP, control groups, threads.
std::string as_text(const std::vector<model::ExplainedArgument>& arguments, const std::vector<model::ExplainedStep>& steps) {
  std::string text;
  for (const model::ExplainedArgument& argument : arguments) {
    text += argument.argument + " " + text::printable(argument.value) + "\t# " + argument.setting + "\n";
  }
  for (const model::ExplainedStep& step : steps) {
    text += step.kind + " " + step.target + " " + text::printable(step.value) + "\t# " + step.setting + "\n";
  }
  return text;
}

const model::ExplainedArgument* find(const std::vector<model::ExplainedArgument>& arguments, const std::string& name) {
  for (const model::ExplainedArgument& argument : arguments) {
    if (argument.argument == name) return &argument;
  }
  return nullptr;
}

class Golden : public ::testing::TestWithParam<Configuration> {};

TEST_P(Golden, ACommandLineChangesOnlyOnPurpose) {
  const std::filesystem::path file = std::filesystem::path(VISOR_TEST_DATA) / (GetParam().name + ".golden");
  const std::string now = as_text(arguments_of(GetParam()), preparing_steps(GetParam().definition.spec));
  if (std::getenv("VISOR_UPDATE_GOLDEN") != nullptr) os::replace_file(file, now, 0644);
  EXPECT_EQ(now, os::read_file(file)) << "VISOR_UPDATE_GOLDEN=1 writes " << file;
}

INSTANTIATE_TEST_SUITE_P(Arguments, Golden, ::testing::ValuesIn(testing::configurations()), [](const auto& tested) {
  std::string name = tested.param.name;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(Arguments, EveryArgumentNamesTheSettingThatMadeIt) {
  for (const Configuration& configuration : testing::configurations()) {
    for (const model::ExplainedArgument& argument : arguments_of(configuration)) {
      EXPECT_FALSE(argument.setting.empty()) << configuration.name << " " << argument.argument;
    }
  }
}

/// Texts that would change the meaning of a command line pasted together from strings.
const std::vector<std::string> kHostileTexts{"a,readonly=off",
                                             "x,,y",
                                             "-S",
                                             "\"},{\"driver\":\"file\"",
                                             "new\nline",
                                             "' ; rm -rf /",
                                             "name=b,fd=3",
                                             "\\\"quoted\\",
                                             "\t tab ",
                                             "zażółć gęślą",
                                             "%s%n",
                                             "a=b=c",
                                             "/dev/fdset/1",
                                             "json:{\"driver\":\"nbd\"}",
                                             "fat:rw:/etc",
                                             "nbd:unix:/x",
                                             "$(id)",
                                             "--help"};

TEST(Arguments, AHostileNameStaysOneValue) {
  for (const std::string& text : kHostileTexts) {
    Configuration configuration = testing::configurations().front();
    configuration.definition.name = text;
    const auto arguments = arguments_of(configuration);
    const std::string expected = "guest=" + escape_option(text) + ",debug-threads=on";
    EXPECT_EQ(find(arguments, "-name")->value, expected);
    EXPECT_EQ(arguments.size(), arguments_of(testing::configurations().front()).size());
  }
}

TEST(Arguments, AHostileKernelCommandLineIsOneArgument) {
  for (const std::string& text : kHostileTexts) {
    Configuration configuration = testing::configurations().front();
    configuration.definition.spec.boot = {false, text, text, text};
    const auto arguments = arguments_of(configuration);
    EXPECT_EQ(find(arguments, "-append")->value, text);
    EXPECT_TRUE(find(arguments, "-kernel")->value.starts_with("/proc/self/fd/"));
    EXPECT_TRUE(find(arguments, "-initrd")->value.starts_with("/proc/self/fd/"));
  }
}

TEST(Arguments, AFileNameOfTheUserNeverReachesQemu) {
  for (const std::string& text : kHostileTexts) {
    Configuration configuration = testing::configurations().front();
    testing::add_disk(configuration.definition, testing::make_disk("root"),
                      {{"/volumes/marker" + text, model::DiskFormat::qcow2}});
    for (const model::ExplainedArgument& argument : arguments_of(configuration)) {
      EXPECT_EQ(argument.value.find("marker"), std::string::npos) << argument.argument << " " << argument.value;
    }
  }
}

TEST(Arguments, HostileIdsAndAddressesStayInsideTheirJsonString) {
  for (const std::string& text : kHostileTexts) {
    Configuration configuration = testing::configurations().front();
    testing::add_disk(configuration.definition, testing::make_disk(text), {{"/volumes/a", model::DiskFormat::raw}});
    model::Nic nic = testing::make_nic(text);
    nic.mac = text;
    nic.forwards = {{model::Protocol::tcp, text, 1, 2}};
    configuration.definition.spec.nics.push_back(nic);
    for (const model::ExplainedArgument& argument : arguments_of(configuration)) {
      if (argument.argument != "-device" && argument.argument != "-netdev" && argument.argument != "-blockdev") continue;
      const boost::json::object object = json::parse(argument.value).as_object();
      const boost::json::value* id = object.if_contains("id");
      if (id == nullptr) continue;
      EXPECT_EQ(
          std::string(id->as_string()).find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."),
          std::string::npos)
          << argument.value;
    }
  }
}

TEST(Arguments, ANulByteIsRefusedInsteadOfCuttingAText) {
  Configuration configuration = testing::configurations().front();
  configuration.definition.spec.boot = {false, "/boot/vmlinuz", "", std::string("a\0b", 3)};
  try {
    arguments_of(configuration);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "machine.invalid_text");
  }
}

TEST(Arguments, OnlyTheTopOfAChainCanBeWritten) {
  for (const Configuration& configuration : testing::configurations()) {
    if (configuration.name != "disk-chain") continue;
    const Plan plan = make_plan(configuration.definition, configuration.choices);
    ASSERT_EQ(plan.disks[0].layers.size(), 3U);
    EXPECT_TRUE(plan.disks[0].layers[0].writable);
    EXPECT_FALSE(plan.disks[0].layers[1].writable);
    EXPECT_FALSE(plan.disks[0].layers[2].writable);
  }
}

}  // namespace
}  // namespace visor::qemu
