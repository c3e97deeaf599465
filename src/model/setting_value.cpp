#include "model/setting_value.h"

#include "base/text.h"

namespace visor::model {

const boost::json::value& setting_value(const boost::json::value& root, std::string_view key) {
  const boost::json::value* at = &root;
  for (const std::string& part : text::split(key, '.')) at = &at->at(part);
  return *at;
}

}  // namespace visor::model
