// Lines out of a stream of bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace visor::qmp {

/// Collects bytes as they come and gives out whole lines, in linear time however the bytes are split.
class LineBuffer {
 public:
  /// Lines may have at most `limit` bytes.
  explicit LineBuffer(Bytes limit) : limit_(limit) {}

  /// For the lines to come.
  void set_limit(Bytes limit) noexcept { limit_ = limit; }
  Bytes limit() const noexcept { return limit_; }
  void append(std::string_view bytes);
  /// The next whole line without its end (LF or CR LF), or nothing yet.
  std::optional<std::string> next();
  /// Whether the unfinished line is longer than allowed: it will never be given out and the stream is to be given up.
  bool overflowed() const noexcept { return size() > limit_.count; }
  /// Forgets everything up to and including the last `byte`; true if there was one.
  bool discard_through(char byte);
  void clear();
  /// Bytes that wait here, whole lines and the unfinished one.
  std::size_t size() const noexcept { return bytes_.size() - begin_; }

 private:
  Bytes limit_;
  std::string bytes_;
  std::size_t begin_ = 0;    ///< of the first line that was not given out
  std::size_t scanned_ = 0;  ///< no line end before this
};

}  // namespace visor::qmp
