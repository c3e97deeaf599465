// JSON that is read once and thrown away.
#pragma once

#include <boost/json/value.hpp>

#include <string_view>

#include "base/bytes.h"

namespace visor::json {

/// As parse() (base/json.h), but the value lives in memory of its own, which is asked for in a few large pieces and goes as a
/// whole with the last part of the value. Not for what is kept and changed: nothing of it is freed before.
boost::json::value parse_compact(std::string_view text, Bytes max_bytes);

}  // namespace visor::json
