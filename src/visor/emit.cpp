#include "visor/emit.h"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "visor/table.h"

namespace visor::cli {
namespace {

/// Whether a YAML 1.1 or 1.2 reader takes the text for exactly this string.
bool is_plain_scalar(std::string_view text) {
  if (text.empty()) return false;
  static constexpr std::array kWords = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  // Numbers, dates, sexagesimals (40:22) and everything that begins like one.
  if (std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`.+= ").find(text.front()) != std::string_view::npos || text.back() == ' ')
    return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos || text.ends_with(':')) return false;
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

/// Shorter than JSON's "2.5E-1", and the same number.
std::string number(double value) { return fmt::format("{}", value); }

std::string scalar(const boost::json::value& value) {
  if (value.is_string() && is_plain_scalar(value.get_string())) return std::string(value.get_string());
  if (value.is_double()) return number(value.get_double());
  // JSON's escapes are valid in YAML's double quotes; an empty list or object is itself in both.
  return boost::json::serialize(value);
}

bool is_block(const boost::json::value& value) {
  return (value.is_object() && !value.get_object().empty()) || (value.is_array() && !value.get_array().empty());
}

void write_yaml(const boost::json::value& value, const std::string& indent, bool first_is_inline, std::string& out) {
  bool indent_next = !first_is_inline;
  const auto begin_line = [&] {
    if (indent_next) out += indent;
    indent_next = true;
  };
  if (value.is_object()) {
    for (const auto& [key, element] : value.get_object()) {
      begin_line();
      out += scalar(boost::json::string(key)) + ":";
      if (is_block(element)) {
        out += '\n';
        write_yaml(element, indent + "  ", false, out);
      } else {
        out += " " + scalar(element) + "\n";
      }
    }
    return;
  }
  for (const auto& element : value.get_array()) {
    begin_line();
    out += "- ";
    if (is_block(element)) {
      write_yaml(element, indent + "  ", true, out);
    } else {
      out += scalar(element) + "\n";
    }
  }
}

void add_leaves(const boost::json::value& value, const std::string& path, Table& table) {
  if (value.is_object()) {
    for (const auto& [key, element] : value.get_object()) {
      add_leaves(element, path.empty() ? std::string(key) : path + "." + std::string(key), table);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      add_leaves(value.get_array()[i], path + "[" + std::to_string(i) + "]", table);
    }
  } else {
    table.rows.push_back({Cell(path), Cell(value.is_null() ? "" : plain(value))});
  }
}

}  // namespace

std::string to_yaml(const boost::json::value& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  write_yaml(value, "", false, out);
  return out;
}

std::string to_csv(const boost::json::value& value) {
  Table table{{{"field"}, {"value"}}, {}};
  add_leaves(value, "", table);
  return render_csv(table);
}

std::string plain(const boost::json::value& value) {
  if (value.is_double()) return number(value.get_double());
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

}  // namespace visor::cli
