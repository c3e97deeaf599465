#include "api/http.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace visor::api {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 5> kMethods{
    {{Method::get, "GET"}, {Method::post, "POST"}, {Method::put, "PUT"}, {Method::patch, "PATCH"}, {Method::delete_, "DELETE"}}};

bool equal_names(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  for (const auto& [value, name] : kMethods) {
    if (value == method) return name;
  }
  return "GET";
}

std::optional<Method> method_from(std::string_view name) noexcept {
  if (name == "HEAD") return Method::get;
  for (const auto& [value, known] : kMethods) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string_view Headers::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields_) {
    if (equal_names(key, name)) return value;
  }
  return {};
}

bool Headers::contains(std::string_view name) const noexcept { return count(name) > 0; }

std::size_t Headers::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const auto& field) { return equal_names(field.first, name); }));
}

std::optional<std::string> Request::query_value(const std::string& name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

bool Request::flag(const std::string& name) const { return query_value(name) == "true"; }

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return std::nullopt;
    out += c;
  }
  if (!text::is_utf8(out)) return std::nullopt;
  return out;
}

std::string_view find_cookie(std::string_view cookie_header, std::string_view name) {
  while (!cookie_header.empty()) {
    const std::size_t end = cookie_header.find(';');
    const std::string_view pair = text::trim(cookie_header.substr(0, end));
    cookie_header.remove_prefix(end == std::string_view::npos ? cookie_header.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return {};
}

bool has_token(std::string_view field, std::string_view token) {
  while (!field.empty()) {
    const std::size_t end = field.find(',');
    const std::string_view part = text::trim(field.substr(0, end));
    field.remove_prefix(end == std::string_view::npos ? field.size() : end + 1);
    if (equal_names(part.substr(0, part.find(';')), token)) return true;
  }
  return false;
}

}  // namespace visor::api
