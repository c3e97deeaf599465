#include <charconv>
#include <utility>

#include "client/event_stream.h"

namespace visor::client {
namespace {

constexpr std::size_t kLongestLine = std::size_t{16} << 20U;

}  // namespace

std::vector<Event> EventParser::feed(std::string_view bytes) {
  std::vector<Event> events;
  partial_.append(bytes);
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = partial_.find('\n', start);
    if (end == std::string::npos) break;
    std::string_view line(partial_.data() + start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take_line(line, events);
    start = end + 1;
  }
  partial_.erase(0, start);
  if (partial_.size() > kLongestLine) partial_.clear();
  return events;
}

void EventParser::take_line(std::string_view line, std::vector<Event>& events) {
  if (line.empty()) {
    if (has_data_) events.push_back(std::exchange(current_, {}));
    current_ = {};
    has_data_ = false;
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") current_.type = value;
  if (name == "id") std::from_chars(value.data(), value.data() + value.size(), current_.sequence);
  if (name == "data") {
    if (has_data_) current_.data += '\n';
    current_.data += value;
    has_data_ = true;
  }
}

}  // namespace visor::client
