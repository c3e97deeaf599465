#include "model/validate_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace visor::model {

void check_range(const Setting& setting, std::int64_t number, const std::string& field, Validation& validation) {
  const auto shown = [&](std::int64_t value) {
    return setting.type == "bytes" ? format_bytes({static_cast<std::uint64_t>(value)}) : std::to_string(value);
  };
  const bool low = setting.minimum && number < *setting.minimum;
  const bool high = setting.maximum && number > *setting.maximum;
  if (!low && !high) return;
  validation.refuse(field, "range",
                    fmt::format("{} must be between {} and {}, not {}.", setting.title, shown(setting.minimum.value_or(0)),
                                shown(setting.maximum.value_or(INT64_MAX)), shown(number)));
}

void check_absolute_path(const std::string& path, const std::string& field, Validation& validation) {
  if (path.empty()) return;
  const bool control = std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20; });
  if (path.front() != '/' || control || path.size() > 4000) {
    validation.refuse(field, "path",
                      fmt::format("'{}' must be an absolute path without control characters.", text::printable(path)));
  }
}

}  // namespace visor::model
