#include "qemu/folder_server.h"

#include <gtest/gtest.h>

#include "qemu/test_configuration.h"

namespace visor::qemu {
namespace {

using Kind = FolderServer::Kind;

// The lines that count of `virtiofsd --help`, as the programs print them.
constexpr const char* kInC =
    "usage: /usr/lib/qemu/virtiofsd [options]\n\n    -o source=PATH             shared directory tree\n"
    "    --fd=FDNUM                 fd number of vhost-user socket\n";
constexpr const char* kInRust =
    "Launch a virtiofsd backend.\n\nUsage: virtiofsd [OPTIONS]\n\nOptions:\n"
    "      --shared-dir <SHARED_DIR>\n          Shared directory path\n      --fd <FD>\n          File descriptor for the "
    "listening socket\n";
constexpr const char* kReadOnly = "      --readonly\n          Set up the shared directory as read-only\n";

TEST(FolderServer, BothProgramsOfThatNameAreKnown) {
  EXPECT_EQ(read_folder_server("/usr/lib/qemu/virtiofsd", kInC).kind, Kind::c);
  EXPECT_EQ(read_folder_server("/usr/libexec/virtiofsd", kInRust).kind, Kind::rust);
  EXPECT_FALSE(read_folder_server("/usr/libexec/virtiofsd", kInRust).read_only);
  EXPECT_TRUE(read_folder_server("/usr/libexec/virtiofsd", std::string(kInRust) + kReadOnly).read_only);
  EXPECT_EQ(read_folder_server("/usr/bin/virtiofsd", "usage: something else").kind, Kind::none);
}

TEST(FolderServer, AHostWithoutOneThatWorksSaysWhatToDo) {
  EXPECT_NE(folder_server_problem({}, true).find("apt install virtiofsd"), std::string::npos);
  EXPECT_NE(folder_server_problem({"/usr/bin/virtiofsd", Kind::none, false}, true).find("/usr/bin/virtiofsd"), std::string::npos);
  EXPECT_EQ(folder_server_problem({"/usr/lib/qemu/virtiofsd", Kind::c, false}, true), "");
  EXPECT_NE(folder_server_problem({"/usr/lib/qemu/virtiofsd", Kind::c, false}, false).find("root"), std::string::npos);
  EXPECT_EQ(folder_server_problem({"/usr/libexec/virtiofsd", Kind::rust, false}, false), "");
}

TEST(FolderServer, ReadOnlyThatWouldNotHoldIsNotOffered) {
  EXPECT_EQ(no_read_only_reason({"/usr/lib/qemu/virtiofsd", Kind::c, false}, true), "") << "the mount is read-only";
  EXPECT_NE(no_read_only_reason({"/usr/libexec/virtiofsd", Kind::rust, false}, false), "");
  EXPECT_EQ(no_read_only_reason({"/usr/libexec/virtiofsd", Kind::rust, true}, false), "");
}

TEST(FolderServer, ExplainTellsOfEachProcess) {
  hypervisor::MachineDefinition definition = testing::base_definition();
  definition.spec.shares = {{"nine", "/srv", false, model::ShareOwners::mapped, "9p"},
                            {"src", "/srv/src", false, model::ShareOwners::plain, "virtiofs"}};
  Choices choices;
  choices.folder_server = testing::folder_server();
  const auto steps = folder_server_steps(definition.spec, make_plan(definition, choices));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].setting, "spec.shares[1].driver");
  EXPECT_EQ(steps[0].value, "--fd=3 -f -o source=/proc/self/fd/4/,sandbox=chroot,cache=auto,announce_submounts");
}

}  // namespace
}  // namespace visor::qemu
