#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "visor/assignment.h"
#include "visor/completion.h"
#include "visor/create_request.h"
#include "visor/escape.h"
#include "visor/exit_code.h"
#include "visor/guest_path.h"
#include "visor/help.h"
#include "visor/parse.h"
#include "visor/ssh.h"

namespace visor::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The message of the usage error that the words lead to; empty when they are fine.
std::string refusal(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error), kExitUsage);
    return error.what();
  }
  return {};
}

TEST(Parse, OptionsMayStandAnywhere) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-f", "json", "--socket", "/s", "list"},
                                                {"list", "--format=json", "--socket=/s"},
                                                {"--socket=/s", "list", "-f", "json"}}) {
    const Invocation invocation = parse(words);
    EXPECT_EQ(invocation.command->name, "list");
    EXPECT_EQ(invocation.globals.format, Format::json);
    EXPECT_EQ(invocation.globals.socket, "/s");
  }
}

TEST(Parse, WaitNeverSwallowsTheName) {
  const Invocation bare = parse({"start", "--wait", "hello"});
  EXPECT_EQ(bare.arguments.get("NAME"), "hello");
  EXPECT_EQ(bare.globals.wait, "");
  const Invocation ready = parse({"start", "hello", "--wait=ready", "--timeout", "10m"});
  EXPECT_EQ(ready.globals.wait, "ready");
  EXPECT_EQ(ready.globals.timeout->count(), 600);
  EXPECT_THAT(refusal({"start", "hello", "--wait=soon"}), HasSubstr("--wait is one of"));
}

TEST(Parse, GuestCommandIsPassedOnUntouched) {
  const Invocation invocation = parse({"exec", "hello", "-e", "A=b", "--", "ls", "-la", "--help", "--", "-f"});
  EXPECT_FALSE(invocation.help);
  EXPECT_EQ(invocation.arguments.get("NAME"), "hello");
  EXPECT_THAT(invocation.arguments.all("env"), ElementsAre("A=b"));
  EXPECT_THAT(invocation.arguments.rest, ElementsAre("ls", "-la", "--help", "--", "-f"));
  EXPECT_THAT(refusal({"exec", "hello", "uname"}), HasSubstr("Write `--` before the command"));
}

TEST(Parse, NamesThatLookLikeOptionsAreRefusedClearly) {
  EXPECT_THAT(refusal({"info", "-x"}), HasSubstr("The option '-x' is not known"));
  EXPECT_THAT(refusal({"info", "--", "-x"}), HasSubstr("begins with '-'"));
  EXPECT_THAT(refusal({"delete", "--yes", "--", "--force"}), HasSubstr("begins with '-'"));
}

TEST(Parse, MachineNamedLikeACommandIsAName) {
  const Invocation invocation = parse({"start", "list", "image"});
  EXPECT_EQ(invocation.command->name, "start");
  EXPECT_THAT(invocation.arguments.all("NAME"), ElementsAre("list", "image"));
}

TEST(Parse, MistakesAreUsageErrors) {
  EXPECT_THAT(refusal({"frobnicate"}), HasSubstr("There is no command 'frobnicate'"));
  EXPECT_THAT(refusal({"image"}), HasSubstr("needs one of: list, info, build, import, delete, publish"));
  EXPECT_THAT(refusal({"info"}), HasSubstr("needs NAME"));
  EXPECT_THAT(refusal({"info", "a", "b"}), HasSubstr("does not take 'b'"));
  EXPECT_THAT(refusal({"info", ""}), HasSubstr("must not be empty"));
  EXPECT_THAT(refusal({"list", "-f", "xml"}), HasSubstr("--format is one of"));
  EXPECT_THAT(refusal({"start", "a", "--timeout", "soon"}), HasSubstr("not a duration"));
  EXPECT_THAT(refusal({"delete", "a", "--force=false"}), HasSubstr("--force takes no value"));
  EXPECT_THAT(refusal({"create", "a", "--cpus"}), Not(IsEmpty()));
}

TEST(Parse, DryRunIsNeverIgnored) {
  EXPECT_TRUE(parse({"delete", "a", "--dry-run"}).globals.dry_run);
  EXPECT_THAT(refusal({"stop", "a", "--dry-run"}), HasSubstr("has no dry run"));
}

TEST(Parse, JsonBodyIsOneArgument) {
  EXPECT_EQ(parse({"api", "POST", "/x", "[1,2]"}).arguments.get("JSON"), "[1,2]");
  EXPECT_EQ(parse({"api", "POST", "/x", "-"}).arguments.get("JSON"), "-");
}

TEST(Parse, HelpComesBeforeComplaints) {
  EXPECT_TRUE(parse({"create", "--help"}).help);
  EXPECT_TRUE(parse({"create", "--nonsense", "-h"}).help);
  EXPECT_EQ(parse({}).command->name, "help");
  EXPECT_EQ(parse({"--version"}).command->name, "version");
  EXPECT_EQ(parse({"image", "--help"}).arguments.get("COMMAND"), "image");
}

TEST(Commands, EachHasASentenceExamplesAndDistinctOptions) {
  for (const Command& command : all_commands()) {
    SCOPED_TRACE(command.name);
    EXPECT_TRUE(command.summary.ends_with('.'));
    EXPECT_NE(command.run, nullptr);
    if (command.group.empty()) continue;
    EXPECT_THAT(command.examples, Not(IsEmpty()));
    EXPECT_THAT(command_help(command, 80), HasSubstr("Usage: visor " + command.name));
    EXPECT_THAT(man_page(command), HasSubstr(".SH EXAMPLES"));
    // Every option can really be given.
    std::vector<std::string> words = {command.name.substr(0, command.name.find(' '))};
    if (command.name.find(' ') != std::string::npos) words.push_back(command.name.substr(command.name.find(' ') + 1));
    for (const OptionSpec& option : command.options) {
      const std::string value = option.choices.empty() ? "1" : option.choices.front();
      // What may be left out is only ever taken with "=".
      words.push_back("--" + option.long_name() + (option.value_optional ? "=" + value : ""));
      if (!option.value.empty() && !option.value_optional) words.push_back(value);
    }
    for (const PositionalSpec& positional : command.positionals) words.push_back(positional.name == "KEY=VALUE" ? "a=b" : "x");
    EXPECT_EQ(refusal(words), "");
  }
}

std::vector<model::Setting> some_settings() {
  const auto make = [](const char* key, const char* type) {
    model::Setting setting;
    setting.key = key;
    setting.type = type;
    return setting;
  };
  std::vector<model::Setting> settings = {
      make("cpu.count", "integer"),   make("memory.size", "bytes"), make("rng", "boolean"), make("disks[].readOnly", "boolean"),
      make("boot.cmdline", "string"), make("firmware", "enum"),     make("disks", "list")};
  settings[5].values = {"uefi", "bios"};
  return settings;
}

boost::json::object some_machine() {
  return boost::json::parse(
             R"({"description":"","tags":[],"group":"","spec":{"cpu":{"count":2},"disks":[{"id":"disk0"},{"id":"cd"}]}})")
      .as_object();
}

std::string assign_failure(const std::string& text) {
  boost::json::object machine = some_machine();
  try {
    assign(machine, std::vector<std::string>{text}, some_settings());
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Assign, ValuesGetTheTypeOfTheirSetting) {
  boost::json::object machine = some_machine();
  assign(machine,
         std::vector<std::string>{"cpu.count=4", "spec.memory.size=2GiB", "rng=off", "boot.cmdline=console=ttyS0 a=b",
                                  "firmware=bios", "disks[cd].readOnly=true", "disks[0].readOnly=no", "description=x=y",
                                  "tags=a, b"},
         some_settings());
  const boost::json::value& spec = machine.at("spec");
  EXPECT_EQ(spec.at("cpu").at("count"), 4);
  EXPECT_EQ(spec.at("memory").at("size"), std::int64_t{2} << 30U);
  EXPECT_EQ(spec.at("rng"), false);
  EXPECT_EQ(spec.at("boot").at("cmdline"), "console=ttyS0 a=b");
  EXPECT_EQ(spec.at("disks").at(1).at("readOnly"), true);
  EXPECT_EQ(spec.at("disks").at(0).at("readOnly"), false);
  EXPECT_EQ(machine.at("description"), "x=y");
  EXPECT_EQ(machine.at("tags"), boost::json::parse(R"(["a","b"])"));
}

TEST(Assign, MistakesNameTheKeyAndWhatIsAllowed) {
  EXPECT_THAT(assign_failure("memory.size=4 apples"), HasSubstr("memory.size must be a size"));
  EXPECT_THAT(assign_failure("cpu.count=many"), HasSubstr("a whole number"));
  EXPECT_THAT(assign_failure("cpu.cout=2"), HasSubstr("Did you mean 'cpu.count'?"));
  EXPECT_THAT(assign_failure("firmware=efi"), HasSubstr("one of uefi, bios"));
  EXPECT_THAT(assign_failure("rng=maybe"), HasSubstr("true or false"));
  EXPECT_THAT(assign_failure("disks[9].readOnly=on"), HasSubstr("no '9' in disks"));
  EXPECT_THAT(assign_failure("disks[nope].readOnly=on"), HasSubstr("no 'nope' in disks"));
  EXPECT_THAT(assign_failure("cpu.count"), HasSubstr("key=value"));
  EXPECT_THAT(assign_failure("=1"), HasSubstr("key=value"));
}

TEST(Difference, OnlyWhatChangedIsSent) {
  const auto from = boost::json::parse(R"({"a":1,"b":{"c":1,"d":2},"e":[1,2],"gone":1})").as_object();
  const auto to = boost::json::parse(R"({"a":1,"b":{"c":1,"d":3},"e":[1,2,3],"new":{"x":1}})").as_object();
  EXPECT_EQ(difference(from, to), boost::json::parse(R"({"gone":null,"b":{"d":3},"e":[1,2,3],"new":{"x":1}})").as_object());
  EXPECT_TRUE(difference(from, from).empty());
}

TEST(Forward, AllFormsLeadToTheRightPorts) {
  const model::PortForward shortest = parse_forward("8080:80");
  EXPECT_EQ(shortest.host_address, "127.0.0.1");
  EXPECT_EQ(shortest.host_port, 8080);
  EXPECT_EQ(shortest.guest_port, 80);
  const model::PortForward full = parse_forward("udp:0.0.0.0:5353:53");
  EXPECT_EQ(full.protocol, model::Protocol::udp);
  EXPECT_EQ(full.host_address, "0.0.0.0");
  for (const char* wrong : {"80", "a:b", "1:2:3:4:5", "70000:80", "tcp:80", "", "8080:80x"})
    EXPECT_THROW(parse_forward(wrong), Error) << wrong;
}

TEST(SshKey, PrivateKeyIsNeverSent) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "visor-key-test";
  std::ofstream(file) << "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n";
  EXPECT_THROW(read_ssh_key(file), Error);
  std::ofstream(file) << "ssh-ed25519 AAAA me@here\n";
  EXPECT_EQ(read_ssh_key(file), "ssh-ed25519 AAAA me@here");
  std::filesystem::remove(file);
}

TEST(Names, ImageMakesAValidMachineName) {
  EXPECT_EQ(name_from_image("debian/12"), "debian-12");
  EXPECT_EQ(name_from_image("_My.Image/"), "my-image");
  EXPECT_EQ(name_from_image("///"), "machine");
}

TEST(GuestPath, OnlyAbsolutePathsOfANamedMachine) {
  const GuestPath path = parse_guest_path("hello:/tmp/a:b", "push");
  EXPECT_EQ(path.machine, "hello");
  EXPECT_EQ(path.path, "/tmp/a:b");
  for (const char* wrong : {"hello", "hello:", "hello:tmp", ":/tmp"})
    EXPECT_THROW(parse_guest_path(wrong, "push"), Error) << wrong;
}

TEST(Escape, DetachKeyEndsTheConsoleAndIsNotSent) {
  const EscapeDetector detector(parse_escape("^]"));
  const auto plain = detector.feed("ls\r");
  EXPECT_EQ(plain.forward, "ls\r");
  EXPECT_FALSE(plain.detach);
  const auto left = detector.feed(
      "ab\x1d"
      "cd");
  EXPECT_EQ(left.forward, "ab");
  EXPECT_TRUE(left.detach);
}

TEST(Escape, KeyCanBeChosenOrTurnedOff) {
  EXPECT_EQ(parse_escape("^A"), '\x01');
  EXPECT_EQ(parse_escape("^a"), '\x01');
  EXPECT_EQ(parse_escape("~"), '~');
  EXPECT_EQ(parse_escape("none"), std::nullopt);
  EXPECT_FALSE(EscapeDetector(std::nullopt).feed("\x1d").detach);
  EXPECT_THROW(parse_escape("^1"), Error);
  EXPECT_THROW(parse_escape("Ctrl-A"), Error);
}

TEST(Ssh, UsesTheMachinesKeyAndHostKeyOnly) {
  const model::SshAccess access = {"visor", "127.0.0.1", 40022, "/a b/100%/id", "/a b/known_hosts"};
  const auto words =
      ssh_arguments(access, {.user = {}, .extra = {"ForwardAgent=yes"}, .command = {"echo", "it's"}, .terminal = false});
  EXPECT_THAT(words, Contains("/a b/100%%/id"));
  EXPECT_THAT(words, Contains("UserKnownHostsFile=\"/a b/known_hosts\""));
  EXPECT_THAT(words, Contains("IdentitiesOnly=yes"));
  EXPECT_THAT(words, Contains("ForwardAgent=yes"));
  EXPECT_THAT(words, Contains("40022"));
  EXPECT_EQ(words.back(), "echo 'it'\\''s'");
  EXPECT_EQ(words[words.size() - 3], "--");
}

std::vector<std::string> values(const Completion& completion) {
  std::vector<std::string> out;
  for (const Candidate& candidate : completion.candidates) out.push_back(candidate.value);
  return out;
}

TEST(Completion, CommandsOptionsAndValuesAreOffered) {
  EXPECT_THAT(values(complete({"st"})), ElementsAre("start", "stop"));
  EXPECT_THAT(values(complete({"image", ""})), ElementsAre("list", "info", "build", "import", "delete", "publish"));
  EXPECT_THAT(values(complete({"create", "x", "--ker"})), ElementsAre("--kernel"));
  EXPECT_THAT(values(complete({"list", "-f", "j"})), ElementsAre("json"));
  EXPECT_THAT(values(complete({"list", "--format=y"})), ElementsAre("--format=yaml"));
  EXPECT_THAT(values(complete({""})), Not(Contains("__complete")));
}

TEST(Completion, NamesOfTheRightKindAreAskedFor) {
  EXPECT_EQ(complete({"start", ""}).live, Completes::machines);
  EXPECT_EQ(complete({"--socket", "/s", "start", "a", ""}).live, Completes::machines);
  EXPECT_EQ(complete({"launch", "deb"}).live, Completes::images);
  EXPECT_EQ(complete({"create", "x", "--iso", ""}).live, Completes::files);
  EXPECT_EQ(complete({"create", "x", "--image="}).live, Completes::images);
  EXPECT_EQ(complete({"info", "a", ""}).live, Completes::nothing);
  EXPECT_EQ(complete({"exec", "a", "--", ""}).live, Completes::nothing);
  EXPECT_EQ(complete({"os", "show", ""}).live, Completes::systems);
  EXPECT_EQ(complete({"profile", "apply", ""}).live, Completes::profiles);
  EXPECT_EQ(complete({"volume", "delete", ""}).live, Completes::volumes);
}

TEST(Completion, WhatBelongsToAMachineIsAskedOfTheOneThatWasNamed) {
  const Completion disk = complete({"disk", "check", "hello", ""});
  EXPECT_EQ(disk.live, Completes::disks);
  EXPECT_EQ(disk.machine, "hello");
  const Completion drive = complete({"disk", "insert", "--timeout", "3s", "other", "--drive", "c"});
  EXPECT_EQ(drive.live, Completes::drives);
  EXPECT_EQ(drive.machine, "other");
  EXPECT_EQ(complete({"snapshot", "restore", "third", "s"}).machine, "third");
  EXPECT_EQ(complete({"disk", "check", ""}).machine, "");
}

TEST(Completion, ScriptsExistForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) EXPECT_THAT(completion_script(shell), HasSubstr("__complete --")) << shell;
  EXPECT_EQ(completion_script("csh"), "");
}

}  // namespace
}  // namespace visor::cli
