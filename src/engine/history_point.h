// One point of the history of what a machine uses, in memory as on disk.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "model/machine.h"

namespace visor::engine {

/// The upper half of a float keeps its range, which no 16-bit integer has for rates and sizes; nothing has a value of its own.
using HalfFloat = std::uint16_t;
inline constexpr HalfFloat kNoHalf = 0x7FC0;  ///< of a quiet NaN
/// Rounded, so that sums stay true.
HalfFloat upper_half(double value);
float from_upper_half(HalfFloat half);

/// A reading or a mean in 24 bytes. Rates and sizes have eight significant bits and percents four digits, which no graph can
/// tell from the reading itself.
struct HistoryPoint {
  std::uint32_t second = 0;  ///< since 1970; 0: there is no point
  HalfFloat memory_used = kNoHalf;
  HalfFloat memory_resident = 0;
  HalfFloat memory_assigned = kNoHalf;
  std::uint16_t cpu_hundredths = 0;   ///< hundredths of a percent
  std::uint16_t covered_seconds = 0;  ///< of a mean: how much of its span was read
  std::array<HalfFloat, 4> rates{};   ///< read, written, received, transmitted
};
static_assert(sizeof(HistoryPoint) == 24);

HistoryPoint packed(const model::Sample& sample);
model::Sample unpacked(const HistoryPoint& point);
std::uint32_t second_of(WallTime time);

/// How far apart the means of a range are, and how many there are: one more than fill the range, for the span that has not
/// ended yet.
struct HistoryShape {
  std::chrono::seconds interval;
  std::size_t count;

  std::uint32_t width() const { return static_cast<std::uint32_t>(interval.count()); }
  std::uint32_t begin_of(std::uint32_t second) const { return second / width() * width(); }
  /// Where the mean of the span that begins then has its place: what takes it over is too old to be shown.
  std::size_t place_of(std::uint32_t begin) const { return begin / width() % count; }
};
inline constexpr HistoryShape kHourShape{std::chrono::seconds(30), 121};
inline constexpr HistoryShape kDayShape{std::chrono::minutes(15), 97};
inline constexpr HistoryShape kMonthShape{std::chrono::hours(3), 241};

/// Whether a point that comes from a file can be a mean of this range at this place.
bool is_plausible(const HistoryPoint& point, const HistoryShape& shape, std::size_t place);

/// Means by the time at which their spans begin. A clock that is set back cannot bring them out of order.
class HistoryTable {
 public:
  explicit HistoryTable(const HistoryShape& shape) : shape_(shape), points_(shape.count) {}

  const HistoryShape& shape() const { return shape_; }
  void put(const HistoryPoint& point) { points_[shape_.place_of(point.second)] = point; }
  /// The mean of the span that begins then, if there is one.
  const HistoryPoint* find(std::uint32_t begin) const;
  std::size_t bytes() const { return points_.capacity() * sizeof(HistoryPoint); }

 private:
  HistoryShape shape_;
  std::vector<HistoryPoint> points_;
};

/// Sums that become one point. A value that some readings lack is the mean of those that have it.
class Gathered {
 public:
  explicit Gathered(std::uint32_t begin) : second_(begin) {}
  /// `share`: the seconds that the sample stands for.
  void add(const model::Sample& sample, double share);
  /// Goes on where a point had got to.
  void add(const HistoryPoint& point) { add(unpacked(point), point.covered_seconds); }
  std::uint32_t second() const { return second_; }
  model::Sample sample() const;
  HistoryPoint point(const HistoryShape& shape) const;

 private:
  struct Mean {
    double sum = 0;
    double weight = 0;
    void add(double value, double share) { sum += value * share, weight += share; }
    std::optional<double> value() const;
  };
  std::uint32_t second_;
  Mean cpu_, memory_used_, memory_resident_, memory_assigned_, read_, written_, received_, transmitted_;
};

}  // namespace visor::engine
