// The means of one machine on disk.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/history_point.h"

namespace visor::engine {

/// Points of each range, in no order.
struct HistoryPoints {
  std::vector<HistoryPoint> hour;
  std::vector<HistoryPoint> day;
  std::vector<HistoryPoint> month;
};

/// A file of fixed size: each point has its place by its time, and a checksum. So a point is written by itself, one that was
/// half written is missing alone, and a file that is none of ours is begun anew.
class HistoryFile {
 public:
  explicit HistoryFile(std::filesystem::path path) : path_(std::move(path)) {}

  bool exists() const;
  /// What is valid in the file; nothing when there is none or it cannot be read.
  HistoryPoints read() const;
  /// Writes points to their places. False when there is no valid file to write to; Error when writing fails.
  bool update(const HistoryPoints& points) const;
  /// Begins anew, with these points.
  void replace(const HistoryPoints& points) const;

  /// Bytes that each file has.
  static std::size_t size();

 private:
  std::filesystem::path path_;
};

}  // namespace visor::engine
