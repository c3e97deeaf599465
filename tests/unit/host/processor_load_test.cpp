#include "host/processor_load.h"

#include <gtest/gtest.h>

namespace visor::host {
namespace {

using namespace std::chrono_literals;

const ProcessorLoad::Instant kBegin{1000h};

TEST(ProcessorLoad, IsTheMeanBetweenTwoReadings) {
  ProcessorLoad load;
  load.add({{0, {10, 100}}, {1, {0, 100}}}, kBegin);
  EXPECT_FALSE(load.is_fresh(kBegin));
  EXPECT_FALSE(load.percent(0));
  load.add({{0, {85, 200}}, {1, {0, 200}}, {2, {7, 7}}}, kBegin + 1s);
  EXPECT_TRUE(load.is_fresh(kBegin + 1s));
  EXPECT_DOUBLE_EQ(load.percent(0).value(), 75);
  EXPECT_DOUBLE_EQ(load.percent(1).value(), 0);
  EXPECT_FALSE(load.percent(2)) << "was switched on in between";
}

TEST(ProcessorLoad, ManyWhoAskAtOnceDoNotMakeEachOthersFiguresNoise) {
  ProcessorLoad load;
  load.add({{0, {0, 100}}}, kBegin);
  load.add({{0, {50, 200}}}, kBegin + 1s);
  load.add({{0, {51, 201}}}, kBegin + 1s + 10ms);
  EXPECT_DOUBLE_EQ(load.percent(0).value(), 50);
  load.add({{0, {50, 300}}}, kBegin + 2s);
  EXPECT_DOUBLE_EQ(load.percent(0).value(), 0) << "counted from the reading that was taken, not from the one that came too soon";
}

TEST(ProcessorLoad, OldReadingsAreNoCurrentLoad) {
  ProcessorLoad load;
  load.add({{0, {0, 100}}}, kBegin);
  load.add({{0, {50, 200}}}, kBegin + 1s);
  EXPECT_FALSE(load.is_fresh(kBegin + 1min));
  load.add({{0, {50, 9000}}}, kBegin + 1min);
  EXPECT_FALSE(load.is_fresh(kBegin + 1min));
  EXPECT_FALSE(load.percent(0)) << "the mean of a minute in which nobody looked";
  load.add({{0, {150, 9100}}}, kBegin + 1min + 250ms);
  EXPECT_DOUBLE_EQ(load.percent(0).value(), 100);
}

TEST(ProcessorLoad, CountersThatStepBackKeepWhatWas) {
  ProcessorLoad load;
  load.add({{0, {0, 100}}}, kBegin);
  load.add({{0, {30, 200}}}, kBegin + 1s);
  load.add({{0, {29, 210}}}, kBegin + 2s);
  EXPECT_DOUBLE_EQ(load.percent(0).value(), 30);
}

TEST(ProcessorLoad, ProcessorThatIsSwitchedOffHasNone) {
  ProcessorLoad load;
  load.add({{0, {0, 100}}, {1, {0, 100}}}, kBegin);
  load.add({{0, {30, 200}}, {1, {0, 200}}}, kBegin + 1s);
  load.add({{0, {30, 300}}}, kBegin + 2s);
  EXPECT_FALSE(load.percent(1));
}

}  // namespace
}  // namespace visor::host
