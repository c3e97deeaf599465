// From the program's arguments to one command and its values.
#pragma once

#include <string>
#include <vector>

#include "visor/command.h"

namespace visor::cli {

struct Invocation {
  const Command* command = nullptr;  ///< never null after parse()
  Arguments arguments;
  Globals globals;
  bool help = false;  ///< --help was given; nothing else has been checked
};

/// Reads the arguments (without argv[0]). Throws usage_error(). Without any command it is `help`.
Invocation parse(const std::vector<std::string>& arguments);

/// The position of the first word that is neither an option nor its value, or arguments.size().
std::size_t find_first_word(const std::vector<std::string>& arguments);

}  // namespace visor::cli
