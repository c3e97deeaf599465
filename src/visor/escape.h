// The key that leaves a console.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace visor::cli {

/// Reads "^]" (Ctrl-]), "^A", "none" (nothing) or a single ASCII character. Throws usage_error().
std::optional<char> parse_escape(std::string_view text);

/// Finds the detach key in what was typed.
class EscapeDetector {
 public:
  explicit EscapeDetector(std::optional<char> key) : key_(key) {}

  struct Found {
    std::string forward;  ///< for the guest
    bool detach = false;
  };
  Found feed(std::string_view typed) const;

 private:
  std::optional<char> key_;
};

}  // namespace visor::cli
