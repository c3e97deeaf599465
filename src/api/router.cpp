#include "api/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "base/text.h"

namespace visor::api {
namespace {

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

std::vector<std::string> segments_of(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return text::split(path.substr(1), '/');
}

void check_value(const QueryParameter& declared, const std::string& value, Validation& validation) {
  if (declared.type == QueryParameter::Type::flag) {
    if (value != "true" && value != "false") validation.refuse(declared.name, "type", declared.name + " is true or false.");
  } else if (declared.type == QueryParameter::Type::number) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < declared.minimum || number > declared.maximum) {
      validation.refuse(declared.name, "range",
                        fmt::format("{} is a whole number from {} to {}.", declared.name, declared.minimum, declared.maximum));
    }
  } else if (!declared.values.empty() &&
             std::find(declared.values.begin(), declared.values.end(), value) == declared.values.end()) {
    validation.refuse(declared.name, "enum", fmt::format("{} is one of {}.", declared.name, fmt::join(declared.values, ", ")));
  }
}

}  // namespace

Target split_target(std::string_view target) {
  const bool clean = std::none_of(target.begin(), target.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
  if (!target.starts_with('/') || !clean) {
    throw Error(ErrorKind::invalid, "request.target", "The request target must be a path that starts with '/'.");
  }
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return {target, {}};
  return {target.substr(0, question), target.substr(question + 1)};
}

void Router::add(Route route) {
  for (const Route& other : routes_) {
    if (other.id == route.id || (other.method == route.method && other.pattern == route.pattern)) {
      throw std::logic_error("two routes for " + route.pattern);
    }
  }
  entries_.push_back({segments_of(route.pattern)});
  routes_.push_back(std::move(route));
}

Router::Match Router::match(Method method, std::string_view path) const {
  Match result;
  const std::vector<std::string> asked = segments_of(path);
  std::vector<std::string> decoded;
  for (const std::string& segment : asked) {
    std::optional<std::string> plain = percent_decode(segment);
    if (!plain)
      throw Error(ErrorKind::invalid, "request.path",
                  "The path holds a broken percent escape, a control character or bytes that are not UTF-8.");
    decoded.push_back(std::move(*plain));
  }
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const std::vector<std::string>& pattern = entries_[i].segments;
    const bool fits = pattern.size() == decoded.size() && std::equal(pattern.begin(), pattern.end(), decoded.begin(),
                                                                     [](const std::string& wanted, const std::string& got) {
                                                                       return is_parameter(wanted) ? !got.empty() : wanted == got;
                                                                     });
    if (!fits) continue;
    result.allowed.push_back(routes_[i].method);
    if (routes_[i].method != method || result.route != nullptr) continue;
    result.route = &routes_[i];
    for (std::size_t k = 0; k < pattern.size(); ++k) {
      if (is_parameter(pattern[k])) result.parameters[pattern[k].substr(1, pattern[k].size() - 2)] = decoded[k];
    }
  }
  return result;
}

std::map<std::string, std::string> parse_query(std::string_view query, const std::vector<QueryParameter>& declared) {
  std::map<std::string, std::string> values;
  Validation validation;
  for (const std::string& part : text::split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    std::string raw_value = equals == std::string::npos ? "" : part.substr(equals + 1);
    std::replace(raw_value.begin(), raw_value.end(), '+', ' ');
    const std::optional<std::string> name = percent_decode(std::string_view(part).substr(0, equals));
    const std::optional<std::string> value = percent_decode(raw_value);
    if (!name || !value) {
      validation.refuse("", "encoding",
                        "The query holds a broken percent escape, a control character or bytes that are not UTF-8.");
      continue;
    }
    const auto known =
        std::find_if(declared.begin(), declared.end(), [&](const QueryParameter& one) { return one.name == *name; });
    if (known == declared.end()) {
      validation.refuse(*name, "unknown", fmt::format("The query parameter '{}' is not known here.", text::printable(*name)));
      continue;
    }
    if (!values.emplace(*name, *value).second) validation.refuse(*name, "twice", fmt::format("{} is given twice.", *name));
    check_value(*known, *value, validation);
  }
  for (const QueryParameter& one : declared) {
    if (one.required && !values.contains(one.name))
      validation.refuse(one.name, "missing", fmt::format("{} is missing.", one.name));
  }
  validation.throw_if_failed("request.query");
  return values;
}

}  // namespace visor::api
