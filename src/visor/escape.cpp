#include "visor/escape.h"

#include <fmt/format.h>

#include <cctype>

#include "base/text.h"
#include "visor/exit_code.h"

namespace visor::cli {

std::optional<char> parse_escape(std::string_view text) {
  if (text == "none") return std::nullopt;
  if (text.size() == 2 && text.front() == '^') {
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(text[1])));
    // Control characters are the letters and @[\]^_ with the two upper bits off (ASCII, ECMA-48).
    if (upper >= '@' && upper <= '_') return static_cast<char>(upper & 0x1F);
  }
  if (text.size() == 1 && static_cast<unsigned char>(text.front()) < 0x80) return text.front();
  throw usage_error(fmt::format("'{}' is not a key: write ^] for Ctrl-], one character, or none.", text::printable(text)),
                    "console");
}

EscapeDetector::Found EscapeDetector::feed(std::string_view typed) const {
  Found found;
  const std::size_t at = key_ ? typed.find(*key_) : std::string_view::npos;
  found.forward = typed.substr(0, at);
  found.detach = at != std::string_view::npos;
  return found;
}

}  // namespace visor::cli
