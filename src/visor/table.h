// Tables for people and CSV for spreadsheets.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace visor::cli {

enum class Color { none, bold, dim, red, green, yellow, blue };
enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  bool shrinks = false;  ///< may be shortened when the table is wider than the terminal
};

struct Cell {
  Cell() = default;
  Cell(std::string shown) : text(std::move(shown)) {}  // NOLINT(google-explicit-constructor): rows read as lists of text
  Cell(const char* shown) : text(shown) {}             // NOLINT(google-explicit-constructor)
  Cell(std::string shown, Color tint) : text(std::move(shown)), color(tint) {}
  Cell(std::string shown, std::string exact) : text(std::move(shown)), raw(std::move(exact)) {}

  std::string text;  ///< for people ("2 GiB")
  Color color = Color::none;
  std::optional<std::string> raw;  ///< for programs ("2147483648"), when it differs
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

/// Where a table goes.
struct Canvas {
  std::size_t width = 0;  ///< columns of the terminal; 0: no limit
  bool color = false;
};

/// `text` between the escape sequences of `color`, when the canvas takes colours.
std::string paint(const std::string& text, Color color, bool enabled);

/// Lines with a heading; text from outside is made printable. Shrinking columns give way first, the widest first.
std::string render(const Table& table, const Canvas& canvas);
/// RFC 4180 with a heading line in lower case. Cells that a spreadsheet would take for a formula get a leading apostrophe.
std::string render_csv(const Table& table);

/// "Label:  value" lines for one thing.
struct Details {
  struct Line {
    std::string label;  ///< empty: the value goes on below the one before
    Cell value;
  };
  std::vector<Line> lines;

  void add(std::string label, Cell value) { lines.push_back({std::move(label), std::move(value)}); }
};
std::string render(const Details& details, const Canvas& canvas);

}  // namespace visor::cli
