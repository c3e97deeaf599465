// What a machine has used: the last minutes as they were read; an hour, a day and a month as means.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/history_file.h"
#include "engine/history_point.h"

namespace visor::engine {

/// Keeps the readings of one machine in a memory of fixed size: a ring of the last 60 readings, and means of an hour and a
/// day. A month is made of the day's means and is in the file only. Processors one by one are kept for the last readings only.
///
/// The caller says which file; nothing is read or written but by load(), keep() and samples() of a month.
class MetricsHistory {
 public:
  MetricsHistory();

  /// Goes on with the means that an earlier daemon has kept.
  void load(const HistoryFile& file);
  /// `elapsed` is the time since the reading before: what the sample stands for in a mean.
  void add(const model::Sample& sample, std::chrono::duration<double> elapsed);
  /// Whether it is time to keep() what was added: with the first reading, when a mean of the day is complete, and every few
  /// minutes in between, which is what a daemon that is killed loses.
  bool is_due() const;
  /// Writes what has changed since the last time. Throws Error; what could not be written is written the next time.
  void keep(const HistoryFile& file);
  /// Oldest first; a mean that is still being gathered comes last. Each sample has the time at which its span begins. Means
  /// are those of the hour, day or month before `now`.
  std::vector<model::Sample> samples(model::MetricsRange range, WallTime now, const HistoryFile& file) const;
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

  struct Means {
    HistoryTable table;
    std::optional<Gathered> open;

    void add(const model::Sample& sample, double share);
    std::optional<HistoryPoint> at(std::uint32_t begin) const;
    std::vector<model::Sample> samples(std::uint32_t now) const;
  };

  void keep_vcpus(const model::Sample& sample, std::size_t place);
  std::vector<model::Sample> recent_samples() const;
  std::vector<model::Sample> month_samples(std::uint32_t now, const HistoryFile& file) const;
  /// The mean of three hours from those of the quarters in it.
  std::optional<HistoryPoint> month_point(std::uint32_t begin) const;
  HistoryPoints points_since(std::uint32_t second) const;

  Ring recent_;
  std::vector<std::uint8_t> vcpus_;  ///< half percents, `vcpu_count_` for each place of `recent_`
  std::size_t vcpu_count_ = 0;
  Means hour_;
  Means day_;
  std::uint32_t newest_ = 0;  ///< when the last sample was taken
  std::uint32_t kept_ = 0;    ///< the newest sample that is in the file, or the first of all
  std::uint32_t tried_ = 0;   ///< the newest sample when it was last to be kept
  bool changed_ = false;      ///< since it was kept
};

}  // namespace visor::engine
