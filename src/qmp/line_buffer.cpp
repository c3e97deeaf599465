#include "qmp/line_buffer.h"

namespace visor::qmp {

void LineBuffer::append(std::string_view bytes) {
  // The lines given out are dropped only now, so that many short lines in one piece are not moved once for each.
  if (begin_ > 0) {
    bytes_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  bytes_.append(bytes);
}

std::optional<std::string> LineBuffer::next() {
  const std::size_t end = bytes_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = bytes_.size();
    return std::nullopt;
  }
  std::string line = bytes_.substr(begin_, end - begin_);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  begin_ = scanned_ = end + 1;
  return line;
}

bool LineBuffer::discard_through(char byte) {
  const std::size_t at = bytes_.rfind(byte);
  if (at == std::string::npos || at < begin_) return false;
  begin_ = scanned_ = at + 1;
  return true;
}

void LineBuffer::clear() {
  bytes_.clear();
  begin_ = scanned_ = 0;
}

}  // namespace visor::qmp
