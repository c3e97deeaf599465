#include "engine/memory_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace visor::engine {
namespace {

using model::MemoryReason;

MemoryGuest guest(Bytes assigned, Bytes used) {
  MemoryGuest guest;
  guest.assigned = assigned;
  guest.used = used;
  guest.resident = assigned;
  guest.minimum = 256_MiB;
  guest.maximum = 4_GiB;
  return guest;
}

MemoryHost host(Bytes available) { return {16_GiB, available, {}, 0}; }

Bytes sum(const std::vector<MemoryDecision>& decisions) {
  Bytes all;
  for (const MemoryDecision& decision : decisions) all = all + decision.target;
  return all;
}

TEST(MemoryPolicy, GuestThatNeedsMoreGetsItAtOnceWithItsBuffer) {
  const std::vector<MemoryDecision> decisions = share_memory(host(8_GiB), {guest(1_GiB, 1000_MiB)});
  EXPECT_EQ(decisions[0].reason, MemoryReason::growing);
  EXPECT_EQ(decisions[0].target, 1200_MiB);
}

TEST(MemoryPolicy, NoGuestGetsMoreThanItsMaximumOrLessThanItsMinimum) {
  MemoryGuest greedy = guest(3_GiB, 4_GiB);
  MemoryGuest idle = guest(512_MiB, 1_MiB);
  idle.quiet_rounds = 1000;
  for (int round = 0; round < 50; ++round) {
    const std::vector<MemoryDecision> decisions = share_memory(host(8_GiB), {greedy, idle});
    greedy.assigned = decisions[0].target;
    idle.assigned = decisions[1].target;
  }
  EXPECT_EQ(greedy.assigned, 4_GiB);
  EXPECT_EQ(idle.assigned, 256_MiB);
}

TEST(MemoryPolicy, GuestThatRestsForAMomentKeepsItsMemoryAndGivesItBackStepByStepLater) {
  MemoryGuest resting = guest(2_GiB, 500_MiB);
  ASSERT_TRUE(wants_less(resting));
  EXPECT_EQ(share_memory(host(8_GiB), {resting})[0].target, 2_GiB);
  resting.quiet_rounds = 5;
  const MemoryDecision decision = share_memory(host(8_GiB), {resting})[0];
  EXPECT_EQ(decision.reason, MemoryReason::resting);
  EXPECT_LT(decision.target, 2_GiB);
  EXPECT_GT(decision.target, 1700_MiB) << "not all at once";
}

TEST(MemoryPolicy, SmallUpsAndDownsMoveNothing) {
  MemoryGuest calm = guest(1200_MiB, 1000_MiB);
  std::uint32_t moves = 0;
  for (int round = 0; round < 500; ++round) {
    // Five percent around what it uses, up and down.
    calm.used = {static_cast<std::uint64_t>(1000 + 50 * std::sin(round / 3.0)) << 20U};
    calm.quiet_rounds = wants_less(calm) ? calm.quiet_rounds + 1 : 0;
    const MemoryDecision decision = share_memory(host(8_GiB), {calm})[0];
    moves += decision.target != calm.assigned ? 1 : 0;
    calm.assigned = decision.target;
  }
  EXPECT_LE(moves, 2U);
}

TEST(MemoryPolicy, HostKeepsItsReserveWhenAllWantMore) {
  const MemoryHost small{4_GiB, 600_MiB, {}, 0};
  std::vector<MemoryGuest> guests{guest(1_GiB, 1500_MiB), guest(1_GiB, 1500_MiB), guest(1_GiB, 200_MiB)};
  const std::vector<MemoryDecision> decisions = share_memory(small, guests);
  EXPECT_LE(sum(decisions).count, (3_GiB + 600_MiB - host_reserve(small)).count);
  EXPECT_GE(decisions[0].target, 1_GiB);
  EXPECT_EQ(decisions[2].reason, MemoryReason::shortage) << "what it does not use goes to those that need it";
  EXPECT_LT(decisions[2].target, 400_MiB);
}

TEST(MemoryPolicy, BuffersShrinkByWeightBeforeAnyGuestGoesBelowWhatItUses) {
  const MemoryHost small{4_GiB, 300_MiB, {}, 0};
  std::vector<MemoryGuest> guests{guest(1200_MiB, 1000_MiB), guest(1200_MiB, 1000_MiB)};
  for (MemoryGuest& each : guests) each.buffer_percent = 60;
  guests[0].weight = 300;
  const std::vector<MemoryDecision> decisions = share_memory(small, guests);
  EXPECT_GT(decisions[0].target, decisions[1].target);
  EXPECT_GE(decisions[1].target, 1000_MiB);
}

TEST(MemoryPolicy, WaitingForMemoryOnTheHostCountsAsShortageWhateverIsFree) {
  MemoryHost pressed{16_GiB, 900_MiB, {}, 50};
  MemoryGuest large = guest(8_GiB, 2_GiB);
  large.maximum = 8_GiB;
  const MemoryDecision decision = share_memory(pressed, {large})[0];
  EXPECT_EQ(decision.reason, MemoryReason::shortage);
  pressed.pressure = 0;
  EXPECT_EQ(share_memory(pressed, {large})[0].target, 8_GiB);
}

TEST(MemoryPolicy, MemoryPromisedToOtherMachinesIsNotGivenAway) {
  MemoryHost promised = host(4_GiB);
  promised.promised = 3_GiB;
  const std::vector<MemoryDecision> decisions = share_memory(promised, {guest(1_GiB, 3_GiB)});
  EXPECT_LE(decisions[0].target.count, (1_GiB + 4_GiB - 3_GiB - host_reserve(promised)).count);
}

TEST(MemoryPolicy, MinimumsHoldEvenWhenTheHostHasLessThanTheirSum) {
  const std::vector<MemoryDecision> decisions =
      share_memory({1_GiB, 10_MiB, {}, 90}, {guest(256_MiB, 600_MiB), guest(256_MiB, 600_MiB)});
  for (const MemoryDecision& decision : decisions) EXPECT_EQ(decision.target, 256_MiB);
}

/// Three guests on a host that cannot hold the peaks of all: what the controller does for ten minutes, as numbers.
TEST(MemoryPolicy, ThreeGuestsWithMovingDemandNeverStarveNorEmptyTheHost) {
  const Bytes total = 4_GiB;
  std::vector<MemoryGuest> guests(3, guest(512_MiB, 300_MiB));
  std::uint32_t moves = 0;
  for (int round = 0; round < 300; ++round) {
    std::uint64_t taken = (300_MiB).count;
    for (std::size_t i = 0; i < guests.size(); ++i) {
      const double phase = round / 40.0 + static_cast<double>(i) * 2.1;
      guests[i].used = {static_cast<std::uint64_t>(700 + 500 * std::sin(phase)) << 20U};
      guests[i].resident = {std::min(guests[i].assigned.count, std::max(guests[i].used.count, guests[i].resident.count))};
      guests[i].quiet_rounds = wants_less(guests[i]) ? guests[i].quiet_rounds + 1 : 0;
      taken += guests[i].resident.count;
    }
    ASSERT_LT(taken, total.count) << "round " << round;
    const MemoryHost now{total, {total.count - taken}, {}, 0};
    EXPECT_GE(now.available.count, host_reserve(now).count - (64_MiB).count) << "round " << round;
    const std::vector<MemoryDecision> decisions = share_memory(now, guests);
    for (std::size_t i = 0; i < guests.size(); ++i) {
      EXPECT_GE(decisions[i].target, std::min(guests[i].used, guests[i].maximum)) << "round " << round;
      moves += decisions[i].target != guests[i].assigned ? 1 : 0;
      guests[i].assigned = decisions[i].target;
    }
  }
  EXPECT_LT(moves, 300U) << "less than one change in three rounds and guests";
}

}  // namespace
}  // namespace visor::engine
