#include "model/os_preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include <boost/json.hpp>

#include "model/settings.h"

namespace visor::model {
namespace {

std::map<std::string, std::string> chosen(const OperatingSystem& system, Arch arch = Arch::x86_64) {
  std::map<std::string, std::string> values;
  for (const PresetChoice& choice : preset_for(system, arch)) {
    values[choice.setting] = boost::json::serialize(choice.value);
    EXPECT_TRUE(choice.reason.ends_with('.')) << choice.setting;
    EXPECT_TRUE(choice.setting == "diskSize" || find_setting(choice.setting) != nullptr) << choice.setting;
  }
  return values;
}

OperatingSystem windows(const std::string& version, std::vector<GuestDriver> drivers) {
  return {.id = "win",
          .name = "Windows",
          .family = OsFamily::windows,
          .kind = "winnt",
          .version = version,
          .drivers = std::move(drivers)};
}

TEST(OsPreset, LinuxWithVirtioKeepsAllDefaults) {
  const OperatingSystem debian{.id = "debian11",
                               .family = OsFamily::linux_,
                               .kind = "linux",
                               .released = "2021-08-14",
                               .drivers = {GuestDriver::virtio_disk, GuestDriver::virtio_net, GuestDriver::virtio_gpu,
                                           GuestDriver::q35, GuestDriver::usb_tablet}};
  EXPECT_TRUE(chosen(debian).empty());
}

TEST(OsPreset, WindowsOfTodayFindsItsDiskAndNetworkWithoutDrivers) {
  OperatingSystem system = windows("11.0", {GuestDriver::e1000e, GuestDriver::e1000, GuestDriver::q35, GuestDriver::usb_tablet});
  system.uefi = true;
  system.minimum = {2, Bytes{std::uint64_t{4} << 30U}, Bytes{std::uint64_t{64} << 30U}};
  auto values = chosen(system);
  EXPECT_EQ(values["os.family"], "\"windows\"");
  EXPECT_EQ(values["disks[].bus"], "\"sata\"");
  EXPECT_EQ(values["nics[].model"], "\"e1000e\"");
  EXPECT_EQ(values["display.model"], "\"std\"");
  EXPECT_EQ(values["memory.size"], "4294967296");
  EXPECT_EQ(values["diskSize"], "68719476736");
  for (const char* key : {"firmware", "chipset", "cpu.model", "display.tablet", "guestAgent"})
    EXPECT_FALSE(values.contains(key)) << key;
}

TEST(OsPreset, Windows7StartsWithBiosOnAModernBoard) {
  auto values = chosen(windows("6.1", {GuestDriver::e1000e, GuestDriver::q35, GuestDriver::usb_tablet}));
  EXPECT_EQ(values["firmware"], "\"bios\"");
  EXPECT_FALSE(values.contains("chipset"));
}

TEST(OsPreset, WindowsXpGetsABoardItHasDriversFor) {
  auto values = chosen(windows("5.1", {GuestDriver::e1000, GuestDriver::usb_tablet}));
  EXPECT_EQ(values["chipset"], "\"i440fx\"");
  EXPECT_EQ(values["firmware"], "\"bios\"");
  EXPECT_EQ(values["disks[].bus"], "\"ide\"");
  EXPECT_EQ(values["nics[].model"], "\"e1000\"");
  EXPECT_EQ(values["cpu.model"], "\"core2duo\"");
  EXPECT_FALSE(values.contains("display.tablet")) << "it has a driver for it";
  EXPECT_EQ(values["guestAgent"], "false");
  EXPECT_EQ(chosen(windows("5.0", {}))["nics[].model"], "\"rtl8139\"");
  EXPECT_EQ(chosen(windows("4.0", {}))["cpu.legacyOs"], "true");
}

TEST(OsPreset, DosGetsOneProcessorAndLittleMemory) {
  auto values =
      chosen({.id = "msdos6.22", .family = OsFamily::other, .kind = "msdos", .version = "6.22", .released = "1994-06-01"});
  EXPECT_EQ(values["cpu.count"], "1");
  EXPECT_EQ(values["memory.size"], "268435456");
  EXPECT_EQ(values["nics[].model"], "\"pcnet\"");
  EXPECT_EQ(values["clock"], "\"localtime\"");
  EXPECT_EQ(values["display.tablet"], "false");
}

TEST(OsPreset, OldLinuxGetsAnOldBoardAndOtherArchitecturesOnlySizes) {
  OperatingSystem debian3{
      .id = "debian3", .family = OsFamily::linux_, .kind = "linux", .version = "3.0", .released = "2002-07-19"};
  auto values = chosen(debian3);
  EXPECT_EQ(values["chipset"], "\"i440fx\"");
  EXPECT_EQ(values["disks[].bus"], "\"ide\"");
  EXPECT_FALSE(values.contains("cpu.model"));
  debian3.recommended = {4, {}, {}};
  EXPECT_THAT(chosen(debian3, Arch::aarch64), ::testing::ElementsAre(::testing::Pair("cpu.count", "4")));
}

}  // namespace
}  // namespace visor::model
