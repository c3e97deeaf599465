// Help and man pages, made from the commands' declarations.
#pragma once

#include <string>
#include <string_view>

#include "visor/command.h"

namespace visor::cli {

/// "-f, --format FORMAT".
std::string option_label(const OptionSpec& option);
/// "visor create [OPTIONS] NAME".
std::string usage_line(const Command& command);
/// What `visor COMMAND --help` prints; lines fit `width` columns.
std::string command_help(const Command& command, std::size_t width);
/// What `visor help` prints: all commands by group, or only those that begin with `prefix` ("image").
std::string overview(std::string_view prefix, std::size_t width);

/// The man page of one command, and that of the program, as troff (man(7)).
std::string man_page(const Command& command);
std::string man_overview();

/// docs/commands.md.
std::string markdown_reference();
/// docs/settings.md.
std::string settings_reference();

}  // namespace visor::cli
