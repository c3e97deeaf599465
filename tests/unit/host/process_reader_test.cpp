#include "host/process_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace visor::host {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const std::filesystem::path kRecorded = VISOR_TEST_DATA;

TEST(ProcessReader, ReadsARecordedQemu) {
  const ProcessReader reader(kRecorded / "desktop");
  EXPECT_EQ(reader.cpu_time(4242), 20s);
  EXPECT_EQ(reader.resident(4242), Bytes{65536U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))});
  EXPECT_EQ(reader.threads(4242).size(), 5U);
  EXPECT_EQ(reader.threads(4242).at(1).name, "CPU 0/KVM");
}

TEST(ProcessReader, VirtualProcessorsComeInTheirOrderByNameAndById) {
  const ProcessReader reader(kRecorded / "desktop");
  // The first has an exact time; "CPU 10" comes after "CPU 2".
  EXPECT_THAT(reader.vcpu_times(4242), ElementsAre(11500000123ns, 3s, 4s));
  EXPECT_THAT(reader.thread_times(4242, {4245, 9999, 4243}), ElementsAre(4s, 0ns, 11500000123ns));
}

TEST(ProcessReader, AProcessThatIsGoneIsNoError) {
  const ProcessReader reader(kRecorded / "desktop");
  EXPECT_FALSE(reader.cpu_time(1));
  EXPECT_FALSE(reader.resident(1));
  EXPECT_TRUE(reader.threads(1).empty());
  EXPECT_TRUE(reader.vcpu_times(1).empty());
}

TEST(ProcessReader, ReadsThisProcess) {
  const ProcessReader reader;
  const auto until = std::chrono::steady_clock::now() + 30ms;
  while (std::chrono::steady_clock::now() < until) continue;
  EXPECT_GT(reader.resident(::getpid())->count, 1000000U);
  EXPECT_TRUE(reader.cpu_time(::getpid()));
  const auto threads = reader.threads(::getpid());
  const auto self = std::ranges::find(threads, static_cast<pid_t>(::syscall(SYS_gettid)), &ThreadTime::id);
  ASSERT_NE(self, threads.end());
  EXPECT_GT(self->cpu_time, 1ms);
}

TEST(ProcessParsing, NamesMayContainAnything) {
  const auto stat = parse_process_stat("7 (a) R (b\n) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "a) R (b\\n");
  EXPECT_FALSE(parse_process_stat(""));
  EXPECT_FALSE(parse_process_stat(")7("));
  EXPECT_FALSE(parse_process_stat("7 (a) R 1 2"));
}

TEST(ProcessParsing, VirtualProcessorNames) {
  EXPECT_EQ(vcpu_index("CPU 0/TCG"), 0U);
  EXPECT_EQ(vcpu_index("CPU 127/KVM"), 127U);
  EXPECT_EQ(vcpu_index("ALL CPUs/TCG"), 0U);
  for (const char* name : {"CPU x/KVM", "CPU 1", "CPU /KVM", "CPU 99999999999/KVM", "qemu-system-x86", ""})
    EXPECT_FALSE(vcpu_index(name)) << name;
}

TEST(ProcessParsing, BrokenFiguresAreNothing) {
  EXPECT_FALSE(parse_schedstat("0 0 0"));
  EXPECT_FALSE(parse_schedstat("-5 0 0"));
  EXPECT_FALSE(parse_statm("1"));
  EXPECT_FALSE(parse_statm("1 x"));
}

}  // namespace
}  // namespace visor::host
