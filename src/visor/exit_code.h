// What the program tells its caller.
#pragma once

#include <string>

#include "base/error.h"

namespace visor::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotFound = 4;
inline constexpr int kExitConflict = 5;
inline constexpr int kExitTimeout = 124;
inline constexpr int kExitInterrupted = 130;

/// The exit code for an error.
int exit_code(const Error& error);

/// The command line was wrong: exit code 2. `command` is for the hint about --help ("create", may be empty).
Error usage_error(const std::string& message, const std::string& command = {});

/// "visor: MESSAGE", the refused fields and the hint as lines, for standard error. `color`: the terminal takes colours.
std::string format_error(const Error& error, bool color);

}  // namespace visor::cli
