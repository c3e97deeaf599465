// What a specification holds for a key of the settings table.
#pragma once

#include <boost/json/value.hpp>

#include <string_view>

namespace visor::model {

/// The value below `root`, the JSON form of a MachineSpec or of an element of its lists, at a key such as "cpu.count". The key
/// must exist there.
const boost::json::value& setting_value(const boost::json::value& root, std::string_view key);

}  // namespace visor::model
