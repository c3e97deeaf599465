#include "host/host_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "os/file.h"

namespace visor::host {
namespace {

const std::filesystem::path kData = VISOR_TEST_DATA;

TEST(HostReader, ReadsARecordedWorkstation) {
  HostReader reader(kData / "desktop");
  const model::Host host = reader.read("/");
  EXPECT_EQ(host.hostname, "workstation");
  EXPECT_EQ(host.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(host.kernel, "6.1.0-26-amd64");
  EXPECT_EQ(host.uptime_seconds, 93784U);
  EXPECT_EQ(host.cpu.model, "12th Gen Intel(R) Core(TM) i5-12600K");
  EXPECT_EQ(host.cpu.threads, 5U);
  EXPECT_EQ(host.cpu.cores, 3U);  // two with two threads, one with one
  EXPECT_EQ(host.cpu.sockets, 1U);
  EXPECT_EQ(host.memory.total, Bytes{std::uint64_t{65758292} * 1024});
  EXPECT_EQ(host.memory.available, Bytes{std::uint64_t{48234567} * 1024});
  EXPECT_THAT(host.load, ::testing::ElementsAre(1.25, 0.75, 0.5));
  EXPECT_DOUBLE_EQ(host.cpu_percent, 17);
  EXPECT_EQ(host.storage.path, "/");
  EXPECT_GT(host.storage.total.count, 0U);
}

TEST(HostReader, ReadsARecordedBoardWithAProcessorSwitchedOff) {
  HostReader reader(kData / "board");
  const model::Host host = reader.read("/nonexistent/path");
  EXPECT_EQ(host.os, "Alpine");
  EXPECT_EQ(host.cpu.model, "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(host.cpu.threads, 3U);
  EXPECT_EQ(host.cpu.cores, 3U);
  EXPECT_TRUE(host.load.empty());
  EXPECT_EQ(host.storage.total.count, 0U);
}

TEST(HostReader, SaysLittleAboutAHostThatHidesEverything) {
  HostReader reader(kData / "nothing");
  const model::Host host = reader.read("/");
  EXPECT_EQ(host.os, "Linux");
  EXPECT_EQ(host.hostname, "");
  EXPECT_EQ(host.cpu.threads, 0U);
  EXPECT_EQ(host.cpu_percent, 0);
}

TEST(HostReader, CpuPercentIsOfTheTimeBetweenTwoReads) {
  std::string pattern = (std::filesystem::temp_directory_path() / "visor-host-XXXXXX").string();
  const std::filesystem::path root = ::mkdtemp(pattern.data());
  os::make_directories(root / "proc");
  os::replace_file(root / "proc/stat", "cpu  100 0 0 900 0 0 0 0 0 0\n");
  HostReader reader(root);
  EXPECT_DOUBLE_EQ(reader.read("/").cpu_percent, 10);
  os::replace_file(root / "proc/stat", "cpu  175 0 0 925 0 0 0 0 0 0\n");
  EXPECT_DOUBLE_EQ(reader.read("/").cpu_percent, 75);
  EXPECT_DOUBLE_EQ(reader.read("/").cpu_percent, 75);  // no time has passed
  os::remove_tree(root);
}

TEST(HostReader, ReadsThisHost) {
  HostReader reader;
  const model::Host host = reader.read(std::filesystem::temp_directory_path());
  EXPECT_FALSE(host.kernel.empty());
  EXPECT_GE(host.cpu.threads, host.cpu.cores);
  EXPECT_GE(host.cpu.cores, host.cpu.sockets);
  EXPECT_GE(host.cpu.sockets, 1U);
  EXPECT_GT(host.memory.total, host.memory.available);
  EXPECT_EQ(host.load.size(), 3U);
  EXPECT_LE(host.storage.free, host.storage.total);
}

TEST(HostParsing, OsReleaseWithAndWithoutQuotes) {
  EXPECT_EQ(parse_os_release("NAME=x\nPRETTY_NAME='A B'\n"), "A B");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=Arch\n"), "Arch");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=\"\x1b[2J\"\n"), "\\x1b[2J");
  EXPECT_EQ(parse_os_release("PRETTY_NAME=\""), "\"");
  EXPECT_EQ(parse_os_release(""), "Linux");
}

TEST(HostParsing, CpuTimesCountGuestTimeOnceAndDiskWaitAsIdle) {
  const CpuTimes times = parse_cpu_times("cpu  10 1 2 100 50 3 4 5 9 1\ncpu0 1 1 1 1\n");
  EXPECT_EQ(times.busy, 25U);
  EXPECT_EQ(times.total, 175U);
  EXPECT_EQ(parse_cpu_times("intr 7\n").total, 0U);
  EXPECT_EQ(parse_cpu_times("cpu ").total, 0U);
  EXPECT_FALSE(cpu_percent({10, 100}, {9, 120}));
  EXPECT_FALSE(cpu_percent({10, 100}, {10, 100}));
}

TEST(HostParsing, BrokenNumbersAreZero) {
  EXPECT_EQ(parse_uptime("soon"), 0U);
  EXPECT_EQ(parse_meminfo("MemTotal: many kB\nMemAvailable: 99999999999999999999 kB\n").total.count, 0U);
  EXPECT_TRUE(parse_loadavg("1.0 2.0").empty());
}

}  // namespace
}  // namespace visor::host
