#include "qemu/host_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/json.h"
#include "qemu/accelerator_probe.h"

namespace visor::qemu {
namespace {

using model::CheckState;
using ::testing::HasSubstr;

model::QemuInfo own_qemu(const std::string& accelerator) {
  model::QemuInfo info;
  info.arch = json::enum_from_name<model::Arch>(host_arch()).value_or(model::Arch::x86_64);
  info.path = "/usr/bin/qemu";
  info.version = "7.2.22";
  info.accelerator = accelerator;
  info.accelerators = {{"kvm", accelerator == "kvm", accelerator == "kvm" ? "" : "There is no /dev/kvm."},
                       {"tcg", !accelerator.empty(), accelerator.empty() ? "A test guest with tcg ended." : ""}};
  return info;
}

model::HostCheck check_of(const std::vector<model::QemuInfo>& found, const std::string& id) {
  const std::vector<model::HostCheck> checks = qemu_checks(found, "/nonexistent");
  const auto check = std::find_if(checks.begin(), checks.end(), [&](const model::HostCheck& one) { return one.id == id; });
  return check == checks.end() ? model::HostCheck{} : *check;
}

TEST(QemuChecks, WithoutQemuThePackageIsNamedAndMachinesCannotRun) {
  const model::HostCheck own = check_of({}, "qemu." + host_arch());
  EXPECT_EQ(own.state, CheckState::missing);
  EXPECT_TRUE(own.needed);
  EXPECT_THAT(own.command, HasSubstr("sudo apt install qemu-system-"));
  const model::HostCheck other = check_of({}, host_arch() == "x86_64" ? "qemu.aarch64" : "qemu.x86_64");
  EXPECT_EQ(other.state, CheckState::missing);
  EXPECT_FALSE(other.needed) << "machines of another architecture are a wish";
}

TEST(QemuChecks, EmulationIsToldAsALimitWithTheReasonOfTheProbe) {
  const std::string id = "accelerator." + host_arch();
  EXPECT_EQ(check_of({own_qemu("kvm")}, id).state, CheckState::ok);
  const model::HostCheck emulated = check_of({own_qemu("tcg")}, id);
  EXPECT_EQ(emulated.state, CheckState::limited);
  EXPECT_THAT(emulated.reason, HasSubstr("There is no /dev/kvm."));
  const model::HostCheck broken = check_of({own_qemu("")}, id);
  EXPECT_EQ(broken.state, CheckState::missing);
  EXPECT_TRUE(broken.needed);
}

TEST(QemuChecks, ABrokenQemuIsShownWithItsOwnWordsAndNoAcceleratorIsClaimed) {
  model::QemuInfo broken = own_qemu("tcg");
  broken.problem = "error while loading shared libraries: libfoo.so.1";
  EXPECT_EQ(check_of({broken}, "qemu." + host_arch()).reason, broken.problem);
  EXPECT_EQ(check_of({broken}, "accelerator." + host_arch()).id, "");
}

TEST(QemuChecks, FirmwareThatIsNotInstalledIsMissingWithItsPackage) {
  const model::HostCheck firmware = check_of({own_qemu("tcg")}, "firmware." + host_arch());
  EXPECT_EQ(firmware.state, CheckState::missing);
  EXPECT_FALSE(firmware.command.empty());
}

}  // namespace
}  // namespace visor::qemu
