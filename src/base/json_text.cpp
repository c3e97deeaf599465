#include "base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace visor::json {
namespace {

bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

void append_escaped(unsigned char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (c < 0x20) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

void append_string(std::string_view text, std::string& out) {
  const auto plain = [](char c) { return is_plain(static_cast<unsigned char>(c)); };
  if (std::all_of(text.begin(), text.end(), plain)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  if (!text::is_utf8(text)) return append_string(text::printable(text), out);
  out += '"';
  for (const char c : text) append_escaped(static_cast<unsigned char>(c), out);
  out += '"';
}

}  // namespace visor::json
