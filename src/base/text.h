// Small functions on text that several floors need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace visor::text {

/// `text` with control characters and broken UTF-8 replaced by escapes (\n, \x1b), safe for a terminal or a log.
std::string printable(std::string_view text);
/// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text);
/// The parts between `separator`, empty parts included. split("", ',') is one empty part.
std::vector<std::string> split(std::string_view text, char separator);
/// `text` without white space at both ends.
std::string_view trim(std::string_view text);
/// The last `count` lines of `text`.
std::vector<std::string> last_lines(std::string_view text, std::size_t count);
/// "limit_percent" -> "limitPercent": how a C++ member is named in JSON. A trailing `_` (for keywords) is dropped.
std::string to_camel(std::string_view snake);
/// Standard base64 with padding (RFC 4648 section 4).
std::string base64_encode(std::string_view bytes);
/// Throws Error `base64.invalid` on anything that is not RFC 4648 section 4.
std::string base64_decode(std::string_view text);
/// Lower-case hex.
std::string hex(std::string_view bytes);

}  // namespace visor::text
