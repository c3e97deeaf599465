#include "engine/memory_policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace visor::engine {
namespace {

using model::MemoryReason;

constexpr std::uint64_t kStep = std::uint64_t{16} << 20U;
constexpr std::uint64_t kSmallestReserve = std::uint64_t{256} << 20U;
/// Of the host's memory, for itself.
constexpr std::uint64_t kReserveFraction = 20;
/// From this pressure on the host is short whatever it says is free.
constexpr double kHighPressure = 10;
/// Rounds for which a guest has to want less before it gets less: a moment of rest is no change of mind.
constexpr std::uint32_t kQuietRounds = 5;
/// The least that a guest keeps on top of what it uses, in percent, when the host is short.
constexpr std::uint64_t kTightBuffer = 5;

std::uint64_t round_up(double bytes) { return static_cast<std::uint64_t>(std::ceil(bytes / kStep)) * kStep; }

std::uint64_t with_buffer(const MemoryGuest& guest, double percent) {
  const std::uint64_t wanted = round_up(static_cast<double>(guest.used.count) * (100 + percent) / 100);
  return std::clamp(wanted, guest.minimum.count, guest.maximum.count);
}

std::uint64_t wanted(const MemoryGuest& guest) { return with_buffer(guest, guest.buffer_percent); }
std::uint64_t least(const MemoryGuest& guest) {
  return with_buffer(guest, static_cast<double>(std::min<std::uint64_t>(kTightBuffer, guest.buffer_percent)));
}

std::uint64_t sum(const std::vector<std::uint64_t>& list) { return std::accumulate(list.begin(), list.end(), std::uint64_t{0}); }

/// What all of them together may have.
std::uint64_t room_for(const MemoryHost& host, const std::vector<MemoryGuest>& guests) {
  std::uint64_t there = host.available.count;
  for (const MemoryGuest& guest : guests) there += std::min(guest.resident.count, guest.assigned.count);
  const std::uint64_t kept = host_reserve(host).count * (host.pressure > kHighPressure ? 2 : 1) + host.promised.count;
  return there - std::min(there, kept);
}

/// Raises each from `from` towards `to` by weight, until `rest` is used up. What one does not need goes to the others.
void share_by_weight(const std::vector<MemoryGuest>& guests, const std::vector<std::uint64_t>& to, std::uint64_t rest,
                     std::vector<std::uint64_t>& from) {
  for (;;) {
    std::uint64_t weights = 0;
    for (std::size_t i = 0; i < guests.size(); ++i) weights += from[i] < to[i] ? guests[i].weight : 0;
    if (weights == 0 || rest < kStep) return;
    std::uint64_t given = 0;
    for (std::size_t i = 0; i < guests.size(); ++i) {
      if (from[i] >= to[i]) continue;
      const double part = static_cast<double>(rest) * guests[i].weight / static_cast<double>(weights);
      const std::uint64_t more = std::min(to[i] - from[i], static_cast<std::uint64_t>(part) / kStep * kStep);
      from[i] += more;
      given += more;
    }
    if (given == 0) return;
    rest -= given;
  }
}

/// With less than all want: what they use first, then their buffers by weight.
std::vector<std::uint64_t> share_scarce(const std::vector<MemoryGuest>& guests, std::uint64_t room) {
  std::vector<std::uint64_t> bottom;
  std::vector<std::uint64_t> tight;
  std::vector<std::uint64_t> full;
  for (const MemoryGuest& guest : guests) {
    bottom.push_back(guest.minimum.count);
    tight.push_back(least(guest));
    full.push_back(wanted(guest));
  }
  std::vector<std::uint64_t> targets = sum(tight) <= room ? tight : bottom;
  const std::vector<std::uint64_t>& up_to = sum(tight) <= room ? full : tight;
  share_by_weight(guests, up_to, room - std::min(room, sum(targets)), targets);
  return targets;
}

/// With enough for all: more at once, less only after a while and step by step.
std::vector<std::uint64_t> share_plenty(const std::vector<MemoryGuest>& guests) {
  std::vector<std::uint64_t> targets;
  for (const MemoryGuest& guest : guests) {
    const std::uint64_t now = guest.assigned.count;
    const std::uint64_t want = wanted(guest);
    std::uint64_t target = std::clamp(now, guest.minimum.count, guest.maximum.count);
    // Half of the buffer may be used up before more is given: small ups and downs move nothing.
    if (with_buffer(guest, guest.buffer_percent / 2.0) > now) target = want;
    if (wants_less(guest) && guest.quiet_rounds >= kQuietRounds) {
      target = std::max(want, now - std::min(now, std::max(now / 8 / kStep * kStep, 4 * kStep)));
    }
    targets.push_back(target);
  }
  return targets;
}

}  // namespace

Bytes host_reserve(const MemoryHost& host) { return {std::max(kSmallestReserve, host.total.count / kReserveFraction)}; }

bool wants_less(const MemoryGuest& guest) { return wanted(guest) + wanted(guest) / 10 + kStep <= guest.assigned.count; }

std::vector<MemoryDecision> share_memory(const MemoryHost& host, const std::vector<MemoryGuest>& guests) {
  const std::uint64_t room = room_for(host, guests);
  std::vector<std::uint64_t> targets = share_plenty(guests);
  const bool scarce = sum(targets) > room;
  if (scarce) targets = share_scarce(guests, room);
  std::vector<MemoryDecision> decisions;
  for (std::size_t i = 0; i < guests.size(); ++i) {
    MemoryDecision decision{{targets[i]}, MemoryReason::steady};
    const std::uint64_t now = guests[i].assigned.count;
    // A step that is not worth it while the host is short would be taken back in the next round.
    const bool worth = targets[i] + kStep <= now || now + kStep <= targets[i];
    if (!worth && now >= guests[i].minimum.count && now <= guests[i].maximum.count) decision.target = {now};
    if (decision.target.count > now) decision.reason = MemoryReason::growing;
    if (decision.target.count < now) decision.reason = MemoryReason::resting;
    const bool by_itself = guests[i].quiet_rounds >= kQuietRounds && targets[i] >= wanted(guests[i]);
    if (scarce && decision.target.count < now && !by_itself) decision.reason = MemoryReason::shortage;
    decisions.push_back(decision);
  }
  return decisions;
}

}  // namespace visor::engine
