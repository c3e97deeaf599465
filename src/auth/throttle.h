// Slows down those who guess.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "base/time.h"

namespace visor::auth {

/// Counts failures per source (a peer address). After a few free ones each further failure doubles the time for which the
/// source is refused, up to half a minute. A source is forgotten after ten quiet minutes or a success.
class Throttle {
 public:
  /// How long this source still has to wait; zero when it may try now.
  std::chrono::milliseconds wait_for(const std::string& source, WallTime now) const;
  void failed(const std::string& source, WallTime now);
  void succeeded(const std::string& source);
  std::size_t size() const noexcept { return sources_.size(); }

  static constexpr unsigned kFreeFailures = 5;
  static constexpr std::chrono::seconds kLongestWait{30};
  static constexpr std::chrono::minutes kMemory{10};
  static constexpr std::chrono::minutes kSweepEvery{1};
  static constexpr std::size_t kMaxSources = 1024;

 private:
  struct Source {
    unsigned failures = 0;
    WallTime last;
    WallTime blocked_until;
  };
  std::map<std::string, Source> sources_;
  WallTime last_sweep_;
};

}  // namespace visor::auth
