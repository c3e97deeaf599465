#include "engine/history_point.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace visor::engine {
namespace {

using std::chrono::seconds;

// More than any host has; what is beyond came from no reading.
constexpr float kMostMemory = 1e18F;

HalfFloat half_or_nothing(const std::optional<double>& value) { return value ? upper_half(*value) : kNoHalf; }

std::optional<double> value_or_nothing(HalfFloat half) {
  if (half == kNoHalf) return std::nullopt;
  return from_upper_half(half);
}

WallTime time_of(std::uint32_t second) { return WallTime(seconds(second)); }

Bytes bytes_of(double value) { return {static_cast<std::uint64_t>(std::llround(value))}; }

HalfFloat half_of(const std::optional<Bytes>& size) { return size ? upper_half(static_cast<double>(size->count)) : kNoHalf; }

std::optional<Bytes> size_of(HalfFloat half) {
  if (half == kNoHalf) return std::nullopt;
  return bytes_of(from_upper_half(half));
}

bool is_memory(HalfFloat half) { return from_upper_half(half) >= 0 && from_upper_half(half) <= kMostMemory; }

bool is_memory_or_nothing(HalfFloat half) { return half == kNoHalf || is_memory(half); }

bool is_rate(HalfFloat half) {
  const float rate = from_upper_half(half);
  return std::isfinite(rate) && !std::signbit(rate);
}

}  // namespace

HalfFloat upper_half(double value) {
  return static_cast<HalfFloat>((std::bit_cast<std::uint32_t>(static_cast<float>(value)) + 0x8000U) >> 16U);
}

float from_upper_half(HalfFloat half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16U); }

std::uint32_t second_of(WallTime time) {
  return static_cast<std::uint32_t>(std::chrono::floor<seconds>(time).time_since_epoch().count());
}

HistoryPoint packed(const model::Sample& sample) {
  HistoryPoint point;
  point.second = second_of(sample.time);
  point.memory_used = half_of(sample.memory_used);
  point.memory_resident = half_of(sample.memory_resident);
  point.memory_assigned = half_of(sample.memory_assigned);
  point.cpu_hundredths = static_cast<std::uint16_t>(std::lround(std::clamp(sample.cpu_percent, 0.0, 100.0) * 100));
  point.rates = {upper_half(sample.disk_read_rate), upper_half(sample.disk_write_rate), half_or_nothing(sample.net_receive_rate),
                 half_or_nothing(sample.net_transmit_rate)};
  return point;
}

model::Sample unpacked(const HistoryPoint& point) {
  model::Sample sample;
  sample.time = time_of(point.second);
  sample.cpu_percent = point.cpu_hundredths / 100.0;
  sample.memory_used = size_of(point.memory_used);
  sample.memory_resident = size_of(point.memory_resident).value_or(Bytes());
  sample.memory_assigned = size_of(point.memory_assigned);
  sample.disk_read_rate = from_upper_half(point.rates[0]);
  sample.disk_write_rate = from_upper_half(point.rates[1]);
  sample.net_receive_rate = value_or_nothing(point.rates[2]);
  sample.net_transmit_rate = value_or_nothing(point.rates[3]);
  return sample;
}

bool is_plausible(const HistoryPoint& point, const HistoryShape& shape, std::size_t place) {
  if (point.second == 0 || point.second % shape.width() != 0 || shape.place_of(point.second) != place) return false;
  if (point.covered_seconds == 0 || point.covered_seconds > shape.width() || point.cpu_hundredths > 10000) return false;
  if (!is_memory(point.memory_resident) || !is_memory_or_nothing(point.memory_used)) return false;
  if (!is_memory_or_nothing(point.memory_assigned)) return false;
  const auto& [read, written, received, transmitted] = point.rates;
  return is_rate(read) && is_rate(written) && (received == kNoHalf || is_rate(received)) &&
         (transmitted == kNoHalf || is_rate(transmitted));
}

const HistoryPoint* HistoryTable::find(std::uint32_t begin) const {
  const HistoryPoint& point = points_[shape_.place_of(begin)];
  return begin != 0 && point.second == begin ? &point : nullptr;
}

std::optional<double> Gathered::Mean::value() const {
  if (weight <= 0) return std::nullopt;
  return sum / weight;
}

void Gathered::add(const model::Sample& sample, double share) {
  cpu_.add(sample.cpu_percent, share);
  if (sample.memory_used) memory_used_.add(static_cast<double>(sample.memory_used->count), share);
  memory_resident_.add(static_cast<double>(sample.memory_resident.count), share);
  if (sample.memory_assigned) memory_assigned_.add(static_cast<double>(sample.memory_assigned->count), share);
  read_.add(sample.disk_read_rate, share);
  written_.add(sample.disk_write_rate, share);
  if (sample.net_receive_rate) received_.add(*sample.net_receive_rate, share);
  if (sample.net_transmit_rate) transmitted_.add(*sample.net_transmit_rate, share);
}

model::Sample Gathered::sample() const {
  model::Sample mean;
  mean.time = time_of(second_);
  mean.cpu_percent = cpu_.value().value_or(0);
  if (const auto used = memory_used_.value()) mean.memory_used = bytes_of(*used);
  mean.memory_resident = bytes_of(memory_resident_.value().value_or(0));
  if (const auto assigned = memory_assigned_.value()) mean.memory_assigned = bytes_of(*assigned);
  mean.disk_read_rate = read_.value().value_or(0);
  mean.disk_write_rate = written_.value().value_or(0);
  mean.net_receive_rate = received_.value();
  mean.net_transmit_rate = transmitted_.value();
  return mean;
}

HistoryPoint Gathered::point(const HistoryShape& shape) const {
  HistoryPoint point = packed(sample());
  // A reading may stand for more time than the span has, such as the first after a pause.
  point.covered_seconds = static_cast<std::uint16_t>(std::clamp(cpu_.weight, 1.0, static_cast<double>(shape.width())));
  return point;
}

}  // namespace visor::engine
