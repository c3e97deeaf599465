// How many columns text takes on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace visor::cli {

/// Columns of `text` (UTF-8): two for East Asian wide characters and emoji, none for combining marks.
std::size_t display_width(std::string_view text);
/// `text` cut to at most `columns`, with "…" as its last character when something was cut.
std::string shorten(std::string_view text, std::size_t columns);
/// Words of `text` in lines of at most `width` columns, all but the first indented.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace visor::cli
