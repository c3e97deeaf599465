#include "engine/history_file.h"

#include <fcntl.h>

#include <boost/crc.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "os/file.h"

namespace visor::engine {
namespace {

struct Header {
  std::array<char, 8> magic{'V', 'I', 'S', 'O', 'R', 'H', 'I', 'S'};
  std::uint32_t version = 1;
  std::uint32_t hour = kHourShape.count;
  std::uint32_t day = kDayShape.count;
  std::uint32_t month = kMonthShape.count;
  std::uint64_t reserved = 0;
};
static_assert(sizeof(Header) == 32);

/// A point as it is kept. Of a size that does not cross a border of a disk's block. What was assigned came later than the rest and
/// stands behind the checksum: a record of an earlier Visor, which has 0 there, is still whole.
struct Record {
  std::uint32_t second = 0;
  float memory_used = 0;  ///< nothing: not a number
  float memory_resident = 0;
  std::uint16_t cpu_hundredths = 0;
  std::uint16_t covered_seconds = 0;
  std::array<HalfFloat, 4> rates{};
  std::uint32_t checksum = 0;
  float memory_assigned = 0;  ///< 0: nothing
};
static_assert(sizeof(Record) == 32);

/// One of the three tables in the file and the points that it is about.
struct Table {
  const HistoryShape& shape;
  std::size_t offset;  ///< in the file
  std::vector<HistoryPoint> HistoryPoints::*points;

  std::size_t offset_of(const HistoryPoint& point) const { return offset + shape.place_of(point.second) * sizeof(Record); }
};
constexpr std::size_t kHourOffset = sizeof(Header);
constexpr std::size_t kDayOffset = kHourOffset + kHourShape.count * sizeof(Record);
constexpr std::size_t kMonthOffset = kDayOffset + kDayShape.count * sizeof(Record);
constexpr std::size_t kSize = kMonthOffset + kMonthShape.count * sizeof(Record);
const std::array<Table, 3> kTables{{{kHourShape, kHourOffset, &HistoryPoints::hour},
                                    {kDayShape, kDayOffset, &HistoryPoints::day},
                                    {kMonthShape, kMonthOffset, &HistoryPoints::month}}};

template <typename T>
std::string_view raw_bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

std::uint32_t checksum_of(const Record& record) {
  boost::crc_32_type crc;
  crc.process_bytes(&record, offsetof(Record, checksum));
  if (record.memory_assigned != 0) crc.process_bytes(&record.memory_assigned, sizeof(record.memory_assigned));
  return crc.checksum();
}

Record record_of(const HistoryPoint& point) {
  Record record{point.second,
                from_upper_half(point.memory_used),
                from_upper_half(point.memory_resident),
                point.cpu_hundredths,
                point.covered_seconds,
                point.rates};
  if (point.memory_assigned != kNoHalf) record.memory_assigned = from_upper_half(point.memory_assigned);
  record.checksum = checksum_of(record);
  return record;
}

HalfFloat half_or_nothing_of(float value) { return std::isnan(value) ? kNoHalf : upper_half(value); }

HistoryPoint point_of(const Record& record) {
  HistoryPoint point;
  point.second = record.second;
  point.memory_used = half_or_nothing_of(record.memory_used);
  point.memory_resident = half_or_nothing_of(record.memory_resident);
  if (record.memory_assigned != 0) point.memory_assigned = half_or_nothing_of(record.memory_assigned);
  point.cpu_hundredths = record.cpu_hundredths;
  point.covered_seconds = record.covered_seconds;
  point.rates = record.rates;
  return point;
}

bool has_header(std::string_view content) { return content.starts_with(raw_bytes(Header{})); }

/// Not through a link and without waiting for whoever is at the other end of a pipe: neither is ours.
os::Fd open_if_any(const std::filesystem::path& path, int access) {
  try {
    os::Fd fd = os::open_file(path, access | O_NOFOLLOW | O_NONBLOCK);
    if (os::regular_size(fd.get()) == Bytes{kSize}) return fd;
  } catch (const Error&) {
    // What is in the way is told when it cannot be replaced.
  }
  return {};
}

}  // namespace

std::size_t HistoryFile::size() { return kSize; }

bool HistoryFile::exists() const {
  std::error_code error;
  return std::filesystem::exists(path_, error);
}

HistoryPoints HistoryFile::read() const {
  HistoryPoints found;
  const os::Fd fd = open_if_any(path_, O_RDONLY);
  if (!fd) return found;
  const std::string content = os::read_at(fd.get(), 0, Bytes{kSize});
  if (content.size() != kSize || !has_header(content)) return found;
  for (const Table& table : kTables) {
    for (std::size_t place = 0; place < table.shape.count; ++place) {
      Record record;
      std::memcpy(&record, content.data() + table.offset + place * sizeof(Record), sizeof(Record));
      const HistoryPoint point = point_of(record);
      if (record.checksum != checksum_of(record) || !is_plausible(point, table.shape, place)) continue;
      (found.*table.points).push_back(point);
    }
  }
  return found;
}

bool HistoryFile::update(const HistoryPoints& points) const {
  const os::Fd fd = open_if_any(path_, O_RDWR);
  if (!fd || !has_header(os::read_at(fd.get(), 0, Bytes{sizeof(Header)}))) return false;
  for (const Table& table : kTables) {
    for (const HistoryPoint& point : points.*table.points)
      os::write_at(fd.get(), table.offset_of(point), raw_bytes(record_of(point)));
  }
  return true;
}

void HistoryFile::replace(const HistoryPoints& points) const {
  std::string content(kSize, '\0');
  const auto place = [&content](std::size_t offset, std::string_view bytes) { content.replace(offset, bytes.size(), bytes); };
  place(0, raw_bytes(Header{}));
  for (const Table& table : kTables) {
    for (const HistoryPoint& point : points.*table.points) place(table.offset_of(point), raw_bytes(record_of(point)));
  }
  os::replace_file(path_, content, 0600, os::Durable::no);
}

}  // namespace visor::engine
