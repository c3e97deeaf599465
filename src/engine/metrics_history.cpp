#include "engine/metrics_history.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace visor::engine {
namespace {

using std::chrono::seconds;

constexpr std::size_t kRecent = 60;
constexpr std::size_t kHour = 120;
constexpr std::size_t kDay = 96;
constexpr seconds kRecentInterval{2};
constexpr seconds kHourInterval{30};
constexpr seconds kDayInterval{900};

// A float cut to its upper half keeps its range, which no 16-bit integer has for rates. Rounded, so that sums stay true.
std::uint16_t upper_half(double value) {
  return static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(static_cast<float>(value)) + 0x8000U) >> 16U);
}
float from_upper_half(std::uint16_t half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16U); }
const std::uint16_t kNoRate = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(HistoryPoint::kNothing) >> 16U);

std::uint16_t half_or_nothing(const std::optional<double>& value) { return value ? upper_half(*value) : kNoRate; }

std::optional<double> value_or_nothing(std::uint16_t half) {
  if (half == kNoRate) return std::nullopt;
  return from_upper_half(half);
}

std::uint32_t second_of(WallTime time) {
  return static_cast<std::uint32_t>(std::chrono::floor<seconds>(time).time_since_epoch().count());
}
WallTime time_of(std::uint32_t second) { return WallTime(seconds(second)); }

Bytes bytes_of(double value) { return {static_cast<std::uint64_t>(std::llround(value))}; }

HistoryPoint packed(const model::Sample& sample) {
  HistoryPoint point;
  point.second = second_of(sample.time);
  if (sample.memory_used) point.memory_used = static_cast<float>(sample.memory_used->count);
  point.memory_resident = static_cast<float>(sample.memory_resident.count);
  point.cpu_hundredths = static_cast<std::uint16_t>(std::lround(std::clamp(sample.cpu_percent, 0.0, 100.0) * 100));
  point.rates = {upper_half(sample.disk_read_rate), upper_half(sample.disk_write_rate), half_or_nothing(sample.net_receive_rate),
                 half_or_nothing(sample.net_transmit_rate)};
  return point;
}

model::Sample unpacked(const HistoryPoint& point) {
  model::Sample sample;
  sample.time = time_of(point.second);
  sample.cpu_percent = point.cpu_hundredths / 100.0;
  if (!std::isnan(point.memory_used)) sample.memory_used = bytes_of(point.memory_used);
  sample.memory_resident = bytes_of(point.memory_resident);
  sample.disk_read_rate = from_upper_half(point.rates[0]);
  sample.disk_write_rate = from_upper_half(point.rates[1]);
  sample.net_receive_rate = value_or_nothing(point.rates[2]);
  sample.net_transmit_rate = value_or_nothing(point.rates[3]);
  return sample;
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

std::optional<double> MetricsHistory::Gathered::Mean::value() const {
  if (weight <= 0) return std::nullopt;
  return sum / weight;
}

void MetricsHistory::Gathered::add(const model::Sample& sample, double share) {
  cpu.add(sample.cpu_percent, share);
  if (sample.memory_used) memory_used.add(static_cast<double>(sample.memory_used->count), share);
  memory_resident.add(static_cast<double>(sample.memory_resident.count), share);
  read.add(sample.disk_read_rate, share);
  written.add(sample.disk_write_rate, share);
  if (sample.net_receive_rate) received.add(*sample.net_receive_rate, share);
  if (sample.net_transmit_rate) transmitted.add(*sample.net_transmit_rate, share);
}

model::Sample MetricsHistory::Gathered::sample() const {
  model::Sample mean;
  mean.time = time_of(second);
  mean.cpu_percent = cpu.value().value_or(0);
  if (const auto used = memory_used.value()) mean.memory_used = bytes_of(*used);
  mean.memory_resident = bytes_of(memory_resident.value().value_or(0));
  mean.disk_read_rate = read.value().value_or(0);
  mean.disk_write_rate = written.value().value_or(0);
  mean.net_receive_rate = received.value();
  mean.net_transmit_rate = transmitted.value();
  return mean;
}

void MetricsHistory::Coarse::add(const model::Sample& sample, double share) {
  const auto width = static_cast<std::uint32_t>(interval.count());
  const std::uint32_t begin = second_of(sample.time) / width * width;
  if (open && open->second != begin) {
    ring.push(packed(open->sample()));
    open.reset();
  }
  if (!open) open.emplace(Gathered{.second = begin});
  open->add(sample, share);
}

MetricsHistory::MetricsHistory() : recent_(kRecent), hour_{Ring(kHour), kHourInterval, {}}, day_{Ring(kDay), kDayInterval, {}} {}

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
}

void MetricsHistory::keep_vcpus(const model::Sample& sample, std::size_t place) {
  for (std::size_t i = 0; i < vcpu_count_; ++i)
    vcpus_[place * vcpu_count_ + i] = static_cast<std::uint8_t>(std::lround(std::clamp(sample.vcpu_percent[i], 0.0, 100.0) * 2));
}

std::vector<model::Sample> MetricsHistory::samples(model::MetricsRange range) const {
  std::vector<model::Sample> all;
  const Coarse* coarse = range == model::MetricsRange::recent ? nullptr : range == model::MetricsRange::hour ? &hour_ : &day_;
  const Ring& ring = coarse == nullptr ? recent_ : coarse->ring;
  all.reserve(ring.count() + 1);
  for (std::size_t n = 0; n < ring.count(); ++n) {
    const std::size_t place = ring.place(n);
    all.push_back(unpacked(ring.at(place)));
    if (coarse != nullptr) continue;
    for (std::size_t i = 0; i < vcpu_count_; ++i) all.back().vcpu_percent.push_back(vcpus_[place * vcpu_count_ + i] / 2.0);
  }
  if (coarse != nullptr && coarse->open) all.push_back(coarse->open->sample());
  return all;
}

std::size_t MetricsHistory::bytes() const {
  return sizeof(*this) + recent_.bytes() + vcpus_.capacity() + hour_.ring.bytes() + day_.ring.bytes();
}

seconds MetricsHistory::interval(model::MetricsRange range) {
  switch (range) {
    case model::MetricsRange::recent: return kRecentInterval;
    case model::MetricsRange::hour: return kHourInterval;
    case model::MetricsRange::day: return kDayInterval;
  }
  return kRecentInterval;
}

}  // namespace visor::engine
