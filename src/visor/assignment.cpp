#include "visor/assignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"
#include "visor/exit_code.h"

namespace visor::cli {
namespace {

constexpr std::string_view kSpec = "spec.";

/// "disks[disk0].bus" -> "disks[].bus".
std::string without_places(std::string_view key) {
  std::string out;
  bool inside = false;
  for (const char c : key) {
    if (c == ']') inside = false;
    if (!inside) out += c;
    if (c == '[') inside = true;
  }
  return out;
}

/// How many letters differ (Levenshtein), for suggestions.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

Error unknown_key(const std::string& key, std::span<const model::Setting> settings) {
  std::string best;
  std::size_t least = 4;
  for (const model::Setting& setting : settings) {
    const std::size_t d = distance(without_places(key), setting.key);
    if (d < least) {
      least = d;
      best = setting.key;
    }
  }
  std::string message = fmt::format("There is no setting '{}'.", text::printable(key));
  if (!best.empty()) message += fmt::format(" Did you mean '{}'?", best);
  return usage_error(message, "set");
}

Error bad_value(const Assignment& assignment, std::string_view wanted) {
  return usage_error(fmt::format("{} must be {}, not '{}'.", assignment.key, wanted, text::printable(assignment.value)), "set");
}

boost::json::value boolean_value(const Assignment& assignment) {
  for (const char* yes : {"true", "yes", "on", "1"}) {
    if (assignment.value == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    if (assignment.value == no) return false;
  }
  throw bad_value(assignment, "true or false");
}

boost::json::value list_value(const Assignment& assignment) {
  if (assignment.value.starts_with('[')) return json::parse(assignment.value);
  boost::json::array list;
  if (assignment.value.empty()) return list;
  for (const std::string& part : text::split(assignment.value, ',')) list.push_back(boost::json::string(text::trim(part)));
  return list;
}

boost::json::value* element_at(boost::json::value& list, std::string_view place) {
  boost::json::array* array = list.if_array();
  if (array == nullptr) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), index);
  if (error == std::errc() && end == place.data() + place.size()) return index < array->size() ? &(*array)[index] : nullptr;
  for (boost::json::value& element : *array) {
    const boost::json::object* object = element.if_object();
    const boost::json::value* id = object != nullptr ? object->if_contains("id") : nullptr;
    if (id != nullptr && id->is_string() && id->get_string() == place) return &element;
  }
  return nullptr;
}

/// One part of a path: "disks[disk0]" is the member "disks" and in it the place "disk0".
boost::json::value& step_into(boost::json::value& from, std::string_view part, std::string_view path) {
  if (!from.is_object()) from = boost::json::object();
  const std::size_t bracket = part.find('[');
  boost::json::value& member = from.get_object()[part.substr(0, bracket)];
  if (bracket == std::string_view::npos) return member;
  const std::size_t end = part.find(']', bracket);
  const std::string_view place = part.substr(bracket + 1, end - bracket - 1);
  boost::json::value* element = end + 1 == part.size() ? element_at(member, place) : nullptr;
  if (element == nullptr) {
    throw usage_error(
        fmt::format("'{}': there is no '{}' in {}.", text::printable(path), text::printable(place), part.substr(0, bracket)),
        "set");
  }
  return *element;
}

}  // namespace

Assignment parse_assignment(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw usage_error(fmt::format("'{}' is not of the form key=value.", text::printable(text)), "set");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

const model::Setting* find_setting(std::span<const model::Setting> settings, std::string_view key) {
  const std::string wanted = without_places(key);
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const model::Setting& setting) { return setting.key == wanted; });
  return found == settings.end() ? nullptr : &*found;
}

boost::json::value typed_value(const model::Setting& setting, const Assignment& assignment) {
  const std::string& text = assignment.value;
  if (setting.type == "boolean") return boolean_value(assignment);
  if (setting.type == "list") return list_value(assignment);
  if (setting.type == "integer") {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) throw bad_value(assignment, "a whole number");
    return number;
  }
  if (setting.type == "bytes") {
    try {
      return parse_bytes(text).count;
    } catch (const Error&) {
      throw bad_value(assignment, "a size like 512MiB or 2GiB");
    }
  }
  if (setting.type == "enum" && std::find(setting.values.begin(), setting.values.end(), text) == setting.values.end()) {
    std::string allowed;
    for (const std::string& value : setting.values) allowed += (allowed.empty() ? "" : ", ") + value;
    throw bad_value(assignment, "one of " + allowed);
  }
  return boost::json::string(text);
}

void put(boost::json::value& root, std::string_view path, boost::json::value value) {
  boost::json::value* at = &root;
  for (const std::string& part : text::split(path, '.')) at = &step_into(*at, part, path);
  *at = std::move(value);
}

boost::json::object difference(const boost::json::object& from, const boost::json::object& to) {
  boost::json::object patch;
  for (const auto& [key, before] : from) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, after] : to) {
    const boost::json::value* before = from.if_contains(key);
    if (before != nullptr && *before == after) continue;
    if (before != nullptr && before->is_object() && after.is_object()) {
      boost::json::object inner = difference(before->get_object(), after.get_object());
      if (!inner.empty()) patch[key] = std::move(inner);
    } else {
      patch[key] = after;
    }
  }
  return patch;
}

void assign(boost::json::object& machine, std::span<const std::string> assignments, std::span<const model::Setting> settings) {
  boost::json::value root = std::move(machine);
  for (const std::string& text : assignments) {
    Assignment assignment = parse_assignment(text);
    if (assignment.key == "description" || assignment.key == "group") {
      put(root, assignment.key, boost::json::string(assignment.value));
    } else if (assignment.key == "tags") {
      put(root, assignment.key, list_value(assignment));
    } else {
      if (assignment.key.starts_with(kSpec)) assignment.key.erase(0, kSpec.size());
      const model::Setting* setting = find_setting(settings, assignment.key);
      if (setting == nullptr) throw unknown_key(assignment.key, settings);
      put(root, std::string(kSpec) + assignment.key, typed_value(*setting, assignment));
    }
  }
  machine = std::move(root.get_object());
}

}  // namespace visor::cli
