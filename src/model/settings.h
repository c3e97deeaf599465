// The texts and ranges of every setting: validation messages, the OpenAPI document, `visor config`, the settings
// reference and the form in the page are made from this table.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace visor::model {

/// One setting of a machine. `key` is its path in the spec with JSON names ("cpu.count"); settings of list elements have
/// "[]" behind the list ("disks[].readOnly").
struct Setting {
  std::string key;
  std::string title;
  std::string description;
  std::string type;  ///< integer, string, boolean, bytes, enum, list
  std::string unit;
  std::optional<std::int64_t> minimum;
  std::optional<std::int64_t> maximum;
  std::vector<std::string> values;  ///< of an enum
  boost::json::value default_;
  bool live = false;              ///< changes apply to the running machine; otherwise at the next start
  bool live_if_possible = false;  ///< so they do where that machine can take them; the answer to the change says so
  bool read_only = false;         ///< fixed when the machine is created
};
BOOST_DESCRIBE_STRUCT(Setting, (),
                      (key, title, description, type, unit, minimum, maximum, values, default_, live, live_if_possible,
                       read_only))

/// All settings in the order in which they are shown.
std::span<const Setting> settings();
/// The setting with this key, or nullptr.
const Setting* find_setting(std::string_view key);

}  // namespace visor::model
