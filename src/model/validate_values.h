// Checks of single values that several sections of a spec share.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "model/settings.h"

namespace visor::model {

/// Notes a number that is outside of the setting's range.
void check_range(const Setting& setting, std::int64_t number, const std::string& field, Validation& validation);

/// Notes a path that is not absolute or holds control characters; an empty one is none.
void check_absolute_path(const std::string& path, const std::string& field, Validation& validation);

}  // namespace visor::model
