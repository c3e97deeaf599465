// Logging. Lines go to standard error; journald and ./run pick them up from there. Never log a secret.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace visor::log {

enum class Level { debug, info, warning, error };

/// Lines below `level` are dropped. Default: info.
void set_level(Level level);
/// Writes one line; control characters in it are escaped, because guests and clients can put text into messages.
void write(Level level, std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace visor::log
