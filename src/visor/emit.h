// JSON values as YAML, as CSV and as paths.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace visor::cli {

/// YAML 1.2 in block style. Strings that YAML would read as something else are quoted.
std::string to_yaml(const boost::json::value& value);
/// "field,value" lines: one for each leaf, named by its path ("spec.cpu.count", "tags[0]").
std::string to_csv(const boost::json::value& value);
/// A leaf for people: strings as they are, other things as JSON.
std::string plain(const boost::json::value& value);

}  // namespace visor::cli
