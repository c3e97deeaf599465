#include "engine/history_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "engine/metrics_history.h"
#include "engine/test_sample.h"
#include "os/file.h"

namespace visor::engine {
namespace {

using model::MetricsRange;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class HistoryFileTest : public testing::Test {
 protected:
  HistoryFileTest() {
    std::string pattern = testing::TempDir() + "history.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "history";
  }
  ~HistoryFileTest() override { os::remove_tree(folder_); }

  HistoryFile file() const { return HistoryFile(path_); }

  /// As the daemon does it with each reading.
  void run(MetricsHistory& history, seconds from, seconds until, double cpu, seconds step = seconds(30)) const {
    for (seconds at = from; at < until; at += step) {
      history.add(sample_at(at, cpu), step);
      if (history.is_due()) history.keep(file());
    }
  }

  /// What a daemon shows that knows nothing but the file.
  std::vector<model::Sample> after_reload(MetricsRange range, seconds now) const {
    MetricsHistory history;
    history.load(file());
    return history.samples(range, kStart + now, file());
  }

  std::string content() const { return os::read_file(path_); }
  void write(const std::string& bytes) const {
    os::remove_tree(path_);
    std::ofstream(path_, std::ios::binary) << bytes;
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(HistoryFileTest, AKilledDaemonLosesMinutesAndNotADayOrAMonth) {
  {
    MetricsHistory history;
    run(history, seconds(0), hours(30), 40);
  }
  const auto day = after_reload(MetricsRange::day, hours(30));
  ASSERT_GE(day.size(), 95U);
  EXPECT_EQ(day.back().time, kStart + hours(30) - minutes(15));
  EXPECT_DOUBLE_EQ(day.front().cpu_percent, 40);
  EXPECT_EQ(day.front().memory_resident, 512_MiB);
  EXPECT_EQ(day.front().memory_assigned, 768_MiB);
  EXPECT_FALSE(day.front().net_receive_rate);
  const auto month = after_reload(MetricsRange::month, hours(30));
  ASSERT_EQ(month.size(), 10U);
  EXPECT_EQ(month.front().time, kStart);
  EXPECT_EQ(month.back().time, kStart + hours(27));
  EXPECT_GE(after_reload(MetricsRange::hour, hours(30)).size(), 120U - 300 / 30);
}

TEST_F(HistoryFileTest, AnOrderlyEndLosesNothing) {
  MetricsHistory history;
  run(history, seconds(0), minutes(100), 40);
  history.keep(file());
  for (const auto range : {MetricsRange::hour, MetricsRange::day, MetricsRange::month}) {
    const auto before = history.samples(range, kStart + minutes(100), file());
    const auto after = after_reload(range, minutes(100));
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t n = 0; n < after.size(); ++n) {
      EXPECT_EQ(after[n].time, before[n].time);
      EXPECT_NEAR(after[n].cpu_percent, before[n].cpu_percent, 0.01);
    }
  }
}

TEST_F(HistoryFileTest, TheFirstReadingOfAMachineIsOnDisk) {
  MetricsHistory history;
  run(history, seconds(5), seconds(6), 40);
  EXPECT_EQ(after_reload(MetricsRange::day, seconds(10)).size(), 1U);
}

TEST_F(HistoryFileTest, ADaemonThatComesBackGoesOnWithTheMeanThatWasBegun) {
  {
    MetricsHistory history;
    run(history, seconds(0), minutes(5), 0);
    history.keep(file());
  }
  MetricsHistory history;
  history.load(file());
  run(history, minutes(10), minutes(15), 100);
  history.keep(file());
  for (const auto range : {MetricsRange::day, MetricsRange::month}) {
    const auto shown = after_reload(range, minutes(15));
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_NEAR(shown[0].cpu_percent, 50, 0.1) << "five idle minutes and five busy ones";
  }
}

TEST_F(HistoryFileTest, AMonthForgetsTheOldestStaysInOrderAndTheFileDoesNotGrow) {
  MetricsHistory history;
  run(history, seconds(0), hours(24) * 45, 30, minutes(5));
  const auto month = history.samples(MetricsRange::month, kStart + hours(24) * 45 - seconds(1), file());
  ASSERT_EQ(month.size(), 241U);
  EXPECT_EQ(month.back().time - month.front().time, hours(24) * 30);
  EXPECT_TRUE(std::is_sorted(month.begin(), month.end(), [](const auto& a, const auto& b) { return a.time <= b.time; }));
  EXPECT_EQ(std::filesystem::file_size(path_), HistoryFile::size());
  EXPECT_LE(HistoryFile::size(), 16384U);
  EXPECT_LE(history.bytes(), 8192U);
}

TEST_F(HistoryFileTest, DaysOffAreAGapInTheMonth) {
  MetricsHistory history;
  run(history, seconds(0), hours(6), 30);
  run(history, hours(24) * 10, hours(24) * 10 + hours(6), 60);
  history.keep(file());
  const auto month = after_reload(MetricsRange::month, hours(24) * 11);
  ASSERT_EQ(month.size(), 4U);
  EXPECT_EQ(month[2].time - month[1].time, hours(24) * 10 - hours(3));
}

TEST_F(HistoryFileTest, APointThatWasHalfWrittenIsMissingAlone) {
  MetricsHistory history;
  run(history, seconds(0), hours(24), 40);
  history.keep(file());
  const std::size_t all = after_reload(MetricsRange::month, hours(24)).size();
  std::string bytes = content();
  // The third of the month: the file ends with the month's 241 records of 32 bytes.
  const std::size_t place = kMonthShape.place_of(second_of(kStart + hours(6)));
  bytes.replace(bytes.size() - (kMonthShape.count - place) * 32 + 8, 24, std::string(24, '\0'));
  write(bytes);
  HistoryPoints points = file().read();
  EXPECT_EQ(points.month.size() + 1, all);
  EXPECT_EQ(points.day.size(), 96U);
}

TEST_F(HistoryFileTest, AFileThatIsNoneOfOursIsBegunAnew) {
  MetricsHistory good;
  run(good, seconds(0), hours(3), 40);
  const std::string whole = content();
  std::string other_version = whole;
  other_version[8] = 9;
  const std::string foreign[] = {"",
                                 "not a history",
                                 whole.substr(0, 40),
                                 whole.substr(0, whole.size() - 1),
                                 whole + "x",
                                 std::string(whole.size(), '\0'),
                                 std::string(whole.size(), '\xff'),
                                 other_version};
  for (const std::string& bytes : foreign) {
    write(bytes);
    EXPECT_TRUE(after_reload(MetricsRange::day, hours(3)).empty());
    EXPECT_TRUE(after_reload(MetricsRange::month, hours(3)).empty());
    MetricsHistory history;
    history.load(file());
    run(history, hours(3), hours(4), 70);
    EXPECT_EQ(after_reload(MetricsRange::day, hours(4)).size(), 4U);
    EXPECT_EQ(std::filesystem::file_size(path_), HistoryFile::size());
  }
}

TEST_F(HistoryFileTest, WhatIsNoFileIsNeitherFollowedNorWaitedFor) {
  const std::filesystem::path elsewhere = folder_ / "elsewhere";
  std::ofstream(elsewhere) << std::string(HistoryFile::size(), 'x');
  std::filesystem::create_symlink(elsewhere, path_);
  MetricsHistory history;
  run(history, seconds(0), seconds(1), 40);
  EXPECT_EQ(os::read_file(elsewhere), std::string(HistoryFile::size(), 'x'));
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(path_)));
  os::remove_tree(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(file().read().day.empty());
  run(history, hours(1), hours(1) + seconds(1), 40);
  EXPECT_EQ(after_reload(MetricsRange::day, hours(2)).size(), 2U);
}

TEST_F(HistoryFileTest, SanePointsOnlyComeOutOfDamagedFiles) {
  MetricsHistory history;
  run(history, seconds(0), hours(40), 40);
  const std::string whole = content();
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    const std::size_t harm = 1 + random() % 64;
    for (std::size_t n = 0; n < harm; ++n) bytes[32 + random() % (bytes.size() - 32)] = static_cast<char>(random());
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    if (round % 7 == 0) std::rotate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 3), bytes.end());
    write(bytes);
    for (const auto range : {MetricsRange::hour, MetricsRange::day, MetricsRange::month}) {
      WallTime before{};
      for (const model::Sample& sample : after_reload(range, hours(40))) {
        EXPECT_GT(sample.time, before);
        before = sample.time;
        EXPECT_NEAR(sample.cpu_percent, 40, 0.01) << "what was harmed is left out, not shown";
      }
    }
  }
}

TEST_F(HistoryFileTest, WhatAVisorKeptThatKnewNoAssignedMemoryIsStillShown) {
  MetricsHistory history;
  for (seconds at{0}; at < hours(6); at += seconds(30)) {
    model::Sample sample = sample_at(at, 40);
    sample.memory_assigned.reset();
    history.add(sample, seconds(30));
  }
  history.keep(file());
  const std::string bytes = content();
  // As the earlier one wrote them: 24 bytes, their checksum, and four bytes of nothing.
  for (std::size_t place = 32; place < bytes.size(); place += 32) EXPECT_EQ(bytes.substr(place + 28, 4), std::string(4, '\0'));
  const auto day = after_reload(MetricsRange::day, hours(6));
  ASSERT_EQ(day.size(), 24U);
  EXPECT_EQ(day.front().memory_used, 300_MiB);
  EXPECT_FALSE(day.front().memory_assigned);
}

TEST_F(HistoryFileTest, PointsThatNoReadingGivesAreLeftOutThoughTheirChecksumIsRight) {
  const auto good = [] {
    Gathered gathered(second_of(kStart));
    gathered.add(sample_at(seconds(0), 40), 900);
    return gathered.point(kDayShape);
  };
  const auto count = [this](const HistoryPoint& point) {
    file().replace({.hour = {}, .day = {point}, .month = {}});
    return file().read().day.size();
  };
  EXPECT_EQ(count(good()), 1U);
  HistoryPoint point = good();
  point.second += 60;
  EXPECT_EQ(count(point), 0U) << "no span begins then";
  for (const float memory : {-1.0F, 2e18F, std::numeric_limits<float>::infinity()}) {
    for (HalfFloat HistoryPoint::*const member :
         {&HistoryPoint::memory_resident, &HistoryPoint::memory_used, &HistoryPoint::memory_assigned}) {
      point = good();
      point.*member = upper_half(memory);
      EXPECT_EQ(count(point), 0U) << memory;
    }
  }
  point = good();
  point.memory_resident = kNoHalf;
  EXPECT_EQ(count(point), 0U);
  for (const unsigned rate : {0x8001U, 0x7f80U, 0x7fc1U, 0xffffU}) {
    point = good();
    point.rates[2] = static_cast<std::uint16_t>(rate);
    EXPECT_EQ(count(point), 0U) << rate;
  }
  point = good();
  point.cpu_hundredths = 10001;
  EXPECT_EQ(count(point), 0U);
  point = good();
  point.covered_seconds = 901;
  EXPECT_EQ(count(point), 0U);
}

TEST_F(HistoryFileTest, WhatADiskRefusedIsWrittenWhenThereIsRoomAgain) {
  const std::filesystem::path later = folder_ / "later";
  const HistoryFile unreachable(later / "history");
  MetricsHistory history;
  history.add(sample_at(seconds(0), 40), seconds(30));
  EXPECT_THROW(history.keep(unreachable), Error);
  EXPECT_FALSE(history.is_due()) << "not tried again with each reading";
  for (seconds at{30}; at < hours(6); at += seconds(30)) history.add(sample_at(at, 40), seconds(30));
  EXPECT_TRUE(history.is_due());
  std::filesystem::create_directory(later);
  history.keep(unreachable);
  EXPECT_EQ(unreachable.read().day.size(), 24U);
  EXPECT_EQ(unreachable.read().month.size(), 2U);
}

}  // namespace
}  // namespace visor::engine
