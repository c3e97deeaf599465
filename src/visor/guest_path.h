// NAME:/path arguments.
#pragma once

#include <string>
#include <string_view>

namespace visor::cli {

struct GuestPath {
  std::string machine;
  std::string path;  ///< absolute
};

/// Throws usage_error() for `command` when the text is not NAME:/path.
GuestPath parse_guest_path(std::string_view text, const std::string& command);

}  // namespace visor::cli
