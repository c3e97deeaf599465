#include "engine/metrics_history.h"

#include <algorithm>
#include <cmath>

namespace visor::engine {
namespace {

using std::chrono::seconds;

constexpr std::size_t kRecent = 60;
constexpr seconds kRecentInterval{1};
// Each writing makes the file system write a block, for each running machine.
constexpr std::uint32_t kKeepSeconds = 300;

/// Calls with the begin of each span of a range that ends with the one `until` is in, oldest first: those since `from`, but
/// no more than the range has.
template <typename Function>
void for_each_span(const HistoryShape& shape, std::uint32_t from, std::uint32_t until, Function function) {
  const std::uint32_t last = shape.begin_of(until);
  const auto reach = static_cast<std::uint32_t>((shape.count - 1) * shape.width());
  const std::uint32_t first = std::max(shape.begin_of(from), last - std::min(last, reach));
  for (std::uint32_t begin = first; begin <= last; begin += shape.width()) function(begin);
}

}  // namespace

std::size_t MetricsHistory::Ring::push(const HistoryPoint& point) {
  if (points_.size() < size_) {
    // Room for all at once: growing by doubling would take up to twice as much.
    if (points_.empty()) points_.reserve(size_);
    points_.push_back(point);
    return points_.size() - 1;
  }
  const std::size_t place = next_;
  points_[place] = point;
  next_ = (next_ + 1) % size_;
  return place;
}

void MetricsHistory::Means::add(const model::Sample& sample, double share) {
  const std::uint32_t begin = table.shape().begin_of(second_of(sample.time));
  if (open && open->second() != begin) {
    table.put(open->point(table.shape()));
    open.reset();
  }
  if (!open) {
    open.emplace(begin);
    if (const HistoryPoint* earlier = table.find(begin)) open->add(*earlier);
  }
  open->add(sample, share);
}

std::optional<HistoryPoint> MetricsHistory::Means::at(std::uint32_t begin) const {
  if (open && open->second() == begin) return open->point(table.shape());
  if (const HistoryPoint* point = table.find(begin)) return *point;
  return std::nullopt;
}

std::vector<model::Sample> MetricsHistory::Means::samples(std::uint32_t now) const {
  std::vector<model::Sample> all;
  for_each_span(table.shape(), 0, now, [&](std::uint32_t begin) {
    if (open && open->second() == begin) {
      all.push_back(open->sample());
    } else if (const HistoryPoint* point = table.find(begin)) {
      all.push_back(unpacked(*point));
    }
  });
  return all;
}

MetricsHistory::MetricsHistory() : recent_(kRecent), hour_{HistoryTable(kHourShape), {}}, day_{HistoryTable(kDayShape), {}} {}

void MetricsHistory::load(const HistoryFile& file) {
  const HistoryPoints points = file.read();
  for (const HistoryPoint& point : points.hour) hour_.table.put(point);
  for (const HistoryPoint& point : points.day) day_.table.put(point);
}

void MetricsHistory::add(const model::Sample& sample, std::chrono::duration<double> elapsed) {
  if (sample.vcpu_percent.size() != vcpu_count_) {
    // A start with other processors: the old readings do not fit beside the new ones.
    recent_ = Ring(kRecent);
    vcpu_count_ = sample.vcpu_percent.size();
    vcpus_ = std::vector<std::uint8_t>(kRecent * vcpu_count_);
  }
  keep_vcpus(sample, recent_.push(packed(sample)));
  const double share = std::max(0.001, elapsed.count());
  hour_.add(sample, share);
  day_.add(sample, share);
  newest_ = second_of(sample.time);
  if (kept_ == 0) kept_ = newest_;
  changed_ = true;
}

void MetricsHistory::keep_vcpus(const model::Sample& sample, std::size_t place) {
  for (std::size_t i = 0; i < vcpu_count_; ++i)
    vcpus_[place * vcpu_count_ + i] = static_cast<std::uint8_t>(std::lround(std::clamp(sample.vcpu_percent[i], 0.0, 100.0) * 2));
}

bool MetricsHistory::is_due() const {
  // A clock may have been set back.
  return newest_ < tried_ || newest_ - tried_ >= kKeepSeconds || kDayShape.begin_of(newest_) != kDayShape.begin_of(tried_);
}

void MetricsHistory::keep(const HistoryFile& file) {
  if (!changed_) return;
  tried_ = newest_;
  if (!file.update(points_since(std::min(kept_, newest_)))) file.replace(points_since(0));
  kept_ = newest_;
  changed_ = false;
}

HistoryPoints MetricsHistory::points_since(std::uint32_t second) const {
  HistoryPoints points;
  const auto take = [&](const HistoryShape& shape, std::vector<HistoryPoint>& into, const auto& point_at) {
    for_each_span(shape, second, newest_, [&](std::uint32_t begin) {
      if (const auto point = point_at(begin)) into.push_back(*point);
    });
  };
  take(kHourShape, points.hour, [this](std::uint32_t begin) { return hour_.at(begin); });
  take(kDayShape, points.day, [this](std::uint32_t begin) { return day_.at(begin); });
  take(kMonthShape, points.month, [this](std::uint32_t begin) { return month_point(begin); });
  return points;
}

std::optional<HistoryPoint> MetricsHistory::month_point(std::uint32_t begin) const {
  Gathered gathered(begin);
  bool any = false;
  for (std::uint32_t quarter = begin; quarter < begin + kMonthShape.width(); quarter += kDayShape.width()) {
    const auto point = day_.at(quarter);
    if (!point) continue;
    gathered.add(*point);
    any = true;
  }
  if (!any) return std::nullopt;
  return gathered.point(kMonthShape);
}

std::vector<model::Sample> MetricsHistory::recent_samples() const {
  std::vector<model::Sample> all;
  all.reserve(recent_.count());
  for (std::size_t n = 0; n < recent_.count(); ++n) {
    const std::size_t place = recent_.place(n);
    all.push_back(unpacked(recent_.at(place)));
    for (std::size_t i = 0; i < vcpu_count_; ++i) all.back().vcpu_percent.push_back(vcpus_[place * vcpu_count_ + i] / 2.0);
  }
  return all;
}

std::vector<model::Sample> MetricsHistory::month_samples(std::uint32_t now, const HistoryFile& file) const {
  HistoryTable table(kMonthShape);
  for (const HistoryPoint& point : file.read().month) table.put(point);
  std::vector<model::Sample> all;
  for_each_span(kMonthShape, 0, now, [&](std::uint32_t begin) {
    const HistoryPoint* kept = table.find(begin);
    const auto fresh = month_point(begin);
    // The day may know only the end of a span that the file has in full.
    if (fresh && (kept == nullptr || fresh->covered_seconds >= kept->covered_seconds)) {
      all.push_back(unpacked(*fresh));
    } else if (kept != nullptr) {
      all.push_back(unpacked(*kept));
    }
  });
  return all;
}

std::vector<model::Sample> MetricsHistory::samples(model::MetricsRange range, WallTime now, const HistoryFile& file) const {
  const std::uint32_t second = second_of(now);
  switch (range) {
    case model::MetricsRange::recent: return recent_samples();
    case model::MetricsRange::hour: return hour_.samples(second);
    case model::MetricsRange::day: return day_.samples(second);
    case model::MetricsRange::month: return month_samples(second, file);
  }
  return {};
}

std::size_t MetricsHistory::bytes() const {
  return sizeof(*this) + recent_.bytes() + vcpus_.capacity() + hour_.table.bytes() + day_.table.bytes();
}

seconds MetricsHistory::interval(model::MetricsRange range) {
  switch (range) {
    case model::MetricsRange::recent: return kRecentInterval;
    case model::MetricsRange::hour: return kHourShape.interval;
    case model::MetricsRange::day: return kDayShape.interval;
    case model::MetricsRange::month: return kMonthShape.interval;
  }
  return kRecentInterval;
}

}  // namespace visor::engine
