#include "engine/mac_address.h"

#include <fmt/format.h>

#include "base/id.h"

namespace visor::engine {

std::string random_mac() {
  // 52:54:00 is the prefix that QEMU's documentation uses for its adapters.
  const std::string digits = make_secret(3);
  return fmt::format("52:54:00:{}:{}:{}", digits.substr(0, 2), digits.substr(2, 2), digits.substr(4, 2));
}

}  // namespace visor::engine
