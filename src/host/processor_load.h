// How busy each processor is just now.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "host/host_reader.h"

namespace visor::host {

/// Keeps the reading before, so that whoever asks gets the mean of the last moments: of at least kShortest, however many ask at
/// once, and of at most kLongest, however long nobody has.
class ProcessorLoad {
 public:
  using Times = std::map<std::uint32_t, CpuTimes>;
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kShortest{250};
  static constexpr std::chrono::seconds kLongest{15};

  /// Takes a reading. What comes too soon after the one before changes nothing.
  void add(const Times& times, Instant now);
  /// Whether there are figures that are no older than kLongest; when not, two readings kShortest apart make them.
  bool is_fresh(Instant now) const;
  /// Busy share, 0-100; nothing for a processor that was not there at both readings.
  std::optional<double> percent(std::uint32_t processor) const;

 private:
  Times times_;
  Instant at_;
  bool has_reading_ = false;
  bool has_figures_ = false;
  std::map<std::uint32_t, double> percents_;
};

}  // namespace visor::host
