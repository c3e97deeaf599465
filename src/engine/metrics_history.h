// What a machine has used: the last minutes as they were read, an hour and a day as means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/time.h"
#include "model/machine.h"

namespace visor::engine {

/// A reading in 24 bytes. Rates have eight significant bits and percents four digits, which no graph can tell from the
/// reading itself.
struct HistoryPoint {
  static constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
  std::uint32_t second = 0;  ///< since 1970
  float memory_used = kNothing;
  float memory_resident = 0;
  std::uint16_t cpu_hundredths = 0;      ///< hundredths of a percent
  std::array<std::uint16_t, 4> rates{};  ///< read, written, received, transmitted: upper halves of floats
};
static_assert(sizeof(HistoryPoint) == 24);

/// Keeps the readings of one machine in a memory of fixed size: rings of the last 60 readings, an hour and a day, the latter
/// two with means of what was read. Processors one by one are kept for the last readings only.
class MetricsHistory {
 public:
  MetricsHistory();

  /// `elapsed` is the time since the reading before: what the sample stands for in a mean.
  void add(const model::Sample& sample, std::chrono::duration<double> elapsed);
  /// Oldest first; a mean that is still being gathered comes last. Each sample has the time at which its span begins.
  std::vector<model::Sample> samples(model::MetricsRange range) const;
  /// Bytes that this history occupies, all in all.
  std::size_t bytes() const;

  /// Time from one sample of a range to the next.
  static std::chrono::seconds interval(model::MetricsRange range);

 private:
  class Ring {
   public:
    explicit Ring(std::size_t size) : size_(size) {}
    /// The place that the point went to.
    std::size_t push(const HistoryPoint& point);
    std::size_t count() const { return points_.size(); }
    /// The place of the n-th oldest.
    std::size_t place(std::size_t n) const { return points_.size() < size_ ? n : (next_ + n) % size_; }
    const HistoryPoint& at(std::size_t place) const { return points_[place]; }
    std::size_t bytes() const { return points_.capacity() * sizeof(HistoryPoint); }

   private:
    std::size_t size_;
    std::size_t next_ = 0;
    std::vector<HistoryPoint> points_;
  };

  /// Sums that become one point. A value that some readings lack is the mean of those that have it.
  struct Gathered {
    struct Mean {
      double sum = 0;
      double weight = 0;
      void add(double value, double share) { sum += value * share, weight += share; }
      std::optional<double> value() const;
    };
    std::uint32_t second = 0;
    Mean cpu, memory_used, memory_resident, read, written, received, transmitted;
    void add(const model::Sample& sample, double share);
    model::Sample sample() const;
  };

  struct Coarse {
    Ring ring;
    std::chrono::seconds interval;
    std::optional<Gathered> open;
    void add(const model::Sample& sample, double share);
  };

  void keep_vcpus(const model::Sample& sample, std::size_t place);

  Ring recent_;
  std::vector<std::uint8_t> vcpus_;  ///< half percents, `vcpu_count_` for each place of `recent_`
  std::size_t vcpu_count_ = 0;
  Coarse hour_;
  Coarse day_;
};

}  // namespace visor::engine
