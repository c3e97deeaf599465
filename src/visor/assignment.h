// key=value arguments of `set` and `create --set`.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <span>
#include <string>
#include <string_view>

#include "model/settings.h"

namespace visor::cli {

struct Assignment {
  std::string key;    ///< "cpu.count", "disks[disk0].readOnly", "description"
  std::string value;  ///< as written
};

/// Takes "key=value" apart; the value may be empty and contain "=". Throws usage_error().
Assignment parse_assignment(std::string_view text);

/// The declaration for a key, in which list places ("disks[disk0]", "disks[2]") stand as "disks[]"; nullptr for none.
const model::Setting* find_setting(std::span<const model::Setting> settings, std::string_view key);

/// The value in the setting's type: "2GiB" for bytes, "on" for a truth value, "a,b" or JSON for a list. Throws usage_error().
boost::json::value typed_value(const model::Setting& setting, const Assignment& assignment);

/// Puts `value` at `path` below `root`. List places are a number or the element's id; the element must exist, all other
/// parts are made. Throws usage_error().
void put(boost::json::value& root, std::string_view path, boost::json::value value);

/// The merge patch (RFC 7396) that makes `from` into `to`; lists are replaced as a whole.
boost::json::object difference(const boost::json::object& from, const boost::json::object& to);

/// Lays the assignments over `machine`, an object with description, tags, group and spec; keys may leave out "spec.".
/// Throws usage_error() for an unknown key, with the most similar one as a hint.
void assign(boost::json::object& machine, std::span<const std::string> assignments, std::span<const model::Setting> settings);

}  // namespace visor::cli
