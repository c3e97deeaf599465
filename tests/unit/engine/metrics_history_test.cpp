#include "engine/metrics_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "engine/test_sample.h"

namespace visor::engine {
namespace {

using std::chrono::seconds;

void fill(MetricsHistory& history, seconds from, seconds until, double cpu, seconds step = seconds(2)) {
  for (seconds at = from; at < until; at += step) history.add(sample_at(at, cpu), step);
}

/// What is shown after that time of a history that has no file.
std::vector<model::Sample> samples(const MetricsHistory& history, model::MetricsRange range, seconds now) {
  return history.samples(range, kStart + now, HistoryFile("/no/such/file"));
}

TEST(MetricsHistory, TheLastMinutesComeBackAsTheyWereRead) {
  MetricsHistory history;
  model::Sample sample = sample_at(seconds(4), 12.34);
  sample.net_receive_rate = 1000;
  history.add(sample, seconds(2));
  const auto kept = samples(history, model::MetricsRange::recent, seconds(20));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].time, kStart + seconds(4));
  EXPECT_DOUBLE_EQ(kept[0].cpu_percent, 12.34);
  EXPECT_EQ(kept[0].vcpu_percent, (std::vector<double>{12.5, 6}));
  EXPECT_EQ(kept[0].memory_used, 300_MiB);
  EXPECT_EQ(kept[0].memory_resident, 512_MiB);
  EXPECT_NEAR(kept[0].disk_read_rate, 1.5e9, 1.5e9 / 256);
  EXPECT_NEAR(kept[0].net_receive_rate.value(), 1000, 4);
  EXPECT_FALSE(kept[0].net_transmit_rate) << "what was not read is not shown as zero";
}

TEST(MetricsHistory, AnHourAndADayShowMeansOfWhatWasRead) {
  MetricsHistory history;
  fill(history, seconds(0), seconds(900), 20);
  fill(history, seconds(900), seconds(1800), 60);
  const auto hour = samples(history, model::MetricsRange::hour, seconds(1800));
  ASSERT_EQ(hour.size(), 60U);
  EXPECT_EQ(hour[30].time, kStart + seconds(900));
  EXPECT_DOUBLE_EQ(hour[29].cpu_percent, 20);
  EXPECT_DOUBLE_EQ(hour[30].cpu_percent, 60);
  const auto day = samples(history, model::MetricsRange::day, seconds(1800));
  ASSERT_EQ(day.size(), 2U);
  EXPECT_DOUBLE_EQ(day[0].cpu_percent, 20);
  EXPECT_EQ(day[0].memory_used, 300_MiB);
  EXPECT_TRUE(day[0].vcpu_percent.empty());
}

TEST(MetricsHistory, AReadingCountsForTheTimeItStandsFor) {
  MetricsHistory history;
  history.add(sample_at(seconds(1), 0), seconds(30));
  history.add(sample_at(seconds(3), 100), seconds(10));
  EXPECT_DOUBLE_EQ(samples(history, model::MetricsRange::day, seconds(3)).at(0).cpu_percent, 25);
}

TEST(MetricsHistory, TimeWithoutReadingsIsAGapAndNotALineOfZeros) {
  MetricsHistory history;
  fill(history, seconds(0), seconds(60), 10);
  fill(history, seconds(600), seconds(660), 10);
  const auto hour = samples(history, model::MetricsRange::hour, seconds(660));
  ASSERT_EQ(hour.size(), 4U);
  EXPECT_EQ(hour[2].time - hour[1].time, seconds(570));
}

TEST(MetricsHistory, EachRangeForgetsTheOldestAndStaysInOrder) {
  MetricsHistory history;
  fill(history, seconds(0), std::chrono::hours(30), 50, seconds(30));
  for (const auto& [range, reach] :
       {std::pair{model::MetricsRange::hour, seconds(3600)}, {model::MetricsRange::day, seconds(86400)}}) {
    const auto kept = samples(history, range, std::chrono::hours(30) - seconds(1));
    EXPECT_EQ(kept.back().time - kept.front().time, reach);
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.time < b.time; }));
  }
}

TEST(MetricsHistory, WhatIsOlderThanTheRangeIsNotShownAsIfItWereNow) {
  MetricsHistory history;
  fill(history, seconds(0), seconds(600), 50);
  EXPECT_TRUE(samples(history, model::MetricsRange::hour, std::chrono::hours(2)).empty());
  EXPECT_EQ(samples(history, model::MetricsRange::day, std::chrono::hours(2)).size(), 1U);
  EXPECT_TRUE(samples(history, model::MetricsRange::day, std::chrono::hours(26)).empty());
}

TEST(MetricsHistory, AClockThatIsSetBackLeavesTheMeansInOrder) {
  MetricsHistory history;
  fill(history, seconds(1800), seconds(2100), 50);
  fill(history, seconds(0), seconds(300), 20);
  fill(history, seconds(2000), seconds(2100), 50);
  for (const auto range : {model::MetricsRange::hour, model::MetricsRange::day, model::MetricsRange::month}) {
    const auto kept = samples(history, range, seconds(2100));
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.time <= b.time; }));
  }
  EXPECT_EQ(samples(history, model::MetricsRange::day, seconds(2100)).size(), 2U);
}

TEST(MetricsHistory, ADayOfAMachineFitsInEightKibibytes) {
  MetricsHistory history;
  for (seconds at{0}; at < std::chrono::hours(30); at += seconds(2)) {
    model::Sample sample = sample_at(at, 50);
    sample.vcpu_percent.assign(16, 50);
    history.add(sample, seconds(2));
  }
  EXPECT_LE(history.bytes(), 8192U);
}

TEST(MetricsHistory, AStartWithOtherProcessorsDoesNotMixOldReadingsWithNew) {
  MetricsHistory history;
  fill(history, seconds(0), seconds(10), 10);
  model::Sample sample = sample_at(seconds(20), 40);
  sample.vcpu_percent = {40, 40, 40};
  history.add(sample, seconds(2));
  const auto recent = samples(history, model::MetricsRange::recent, seconds(20));
  ASSERT_EQ(recent.size(), 1U);
  EXPECT_EQ(recent[0].vcpu_percent.size(), 3U);
  EXPECT_EQ(samples(history, model::MetricsRange::hour, seconds(20)).size(), 1U);
}

}  // namespace
}  // namespace visor::engine
