// Addresses of network adapters.
#pragma once

#include <string>

namespace visor::engine {

/// An address for a new adapter, by chance.
std::string random_mac();

}  // namespace visor::engine
