#include "visor/table.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "base/text.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;

const char* escape_of(Color color) {
  switch (color) {
    case Color::none: return "";
    case Color::bold: return "\x1b[1m";
    case Color::dim: return "\x1b[2m";
    case Color::red: return "\x1b[31m";
    case Color::green: return "\x1b[32m";
    case Color::yellow: return "\x1b[33m";
    case Color::blue: return "\x1b[34m";
  }
  return "";
}

std::size_t total_width(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + kGap * (widths.empty() ? 0 : widths.size() - 1);
}

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = display_width(table.columns[i].title);
    for (const auto& row : table.rows) width = std::max(width, display_width(text::printable(row[i].text)));
    widths.push_back(width);
  }
  return widths;
}

/// Takes columns from the widest that may shrink until the table fits; when none is left, from the widest of all.
void fit(const Table& table, std::vector<std::size_t>& widths, std::size_t limit) {
  for (const bool any : {false, true}) {
    while (total_width(widths) > limit) {
      std::size_t widest = widths.size();
      for (std::size_t i = 0; i < widths.size(); ++i) {
        const bool may_shrink = (any || table.columns[i].shrinks) && widths[i] > kNarrowest;
        if (may_shrink && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
      }
      if (widest == widths.size()) break;
      --widths[widest];
    }
  }
}

std::string pad(const std::string& shown, std::size_t width, Align align, Color color, bool colored) {
  const std::string text = shorten(shown, width);
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return align == Align::right ? space + paint(text, color, colored) : paint(text, color, colored) + space;
}

void finish_line(std::string& out) {
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
}

std::string csv_field(const Cell& cell) {
  std::string value = cell.raw.value_or(cell.text);
  const bool number = !value.empty() && value.find_first_not_of("0123456789.+-eE") == std::string::npos;
  if (!number && !value.empty() && std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos)
    value.insert(0, "'");
  if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
  std::string quoted = "\"";
  for (const char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string paint(const std::string& text, Color color, bool enabled) {
  if (!enabled || color == Color::none || text.empty()) return text;
  return escape_of(color) + text + "\x1b[0m";
}

std::string render(const Table& table, const Canvas& canvas) {
  std::vector<std::size_t> widths = natural_widths(table);
  if (canvas.width > 0) fit(table, widths, canvas.width);
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out.append(kGap, ' ');
    out += pad(table.columns[i].title, widths[i], table.columns[i].align, Color::bold, canvas.color);
  }
  finish_line(out);
  for (const auto& row : table.rows) {
    std::string line;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      line += pad(text::printable(row[i].text), widths[i], table.columns[i].align, row[i].color, canvas.color);
    }
    finish_line(line);
    out += line;
  }
  return out;
}

std::string render_csv(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::string title = table.columns[i].title;
    std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out += (i > 0 ? "," : "") + title;
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + csv_field(row[i]);
    out += "\r\n";
  }
  return out;
}

std::string render(const Details& details, const Canvas& canvas) {
  std::size_t label_width = 0;
  for (const auto& line : details.lines) label_width = std::max(label_width, display_width(line.label));
  std::string out;
  for (const auto& line : details.lines) {
    std::string label = line.label;
    if (!label.empty()) label += ':';
    label.append(label_width + 1 - std::min(label_width + 1, display_width(label)), ' ');
    out +=
        paint(label, Color::dim, canvas.color) + "  " + paint(text::printable(line.value.text), line.value.color, canvas.color);
    finish_line(out);
  }
  return out;
}

}  // namespace visor::cli
