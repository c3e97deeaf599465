#include <algorithm>

#include "base/text.h"
#include "visor/help.h"

namespace visor::cli {
namespace {

/// Text that troff shows as it is (groff_char(7)): backslashes, dashes, and dots and quotes at the start of a line.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '\'') {
      out += "\\(aq";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.')) out.insert(0, "\\&");
  return out;
}

std::string page_name(const Command& command) {
  std::string name = "visor-" + command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string heading(const std::string& title) {
  std::string upper = title;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return ".TH \"" + troff(upper) + "\" 1 \"\" \"Visor " VISOR_VERSION "\" \"Visor\"\n";
}

std::string tagged(const std::string& tag, const std::string& text) {
  return ".TP\n.B " + troff(tag) + "\n" + troff(text) + "\n";
}

std::string options_section(const std::vector<OptionSpec>& options, const char* title) {
  if (options.empty()) return {};
  std::string out = std::string(".SH ") + title + "\n";
  for (const OptionSpec& option : options) out += tagged(option_label(option), option.help);
  return out;
}

constexpr const char* kExitStatus =
    ".SH EXIT STATUS\n0 ok, 1 error, 2 usage, 4 not found, 5 conflict, 124 timeout, 130 interrupted.\n";

}  // namespace

std::string man_page(const Command& command) {
  std::string out = heading(page_name(command));
  out += ".SH NAME\n" + troff(page_name(command)) + " \\- " + troff(command.summary) + "\n";
  out += ".SH SYNOPSIS\n.B " + troff(usage_line(command)) + "\n";
  out += ".SH DESCRIPTION\n" + troff(command.description.empty() ? command.summary : command.description) + "\n";
  for (const PositionalSpec& positional : command.positionals) out += tagged(positional.name, positional.help);
  out += options_section(command.options, "OPTIONS");
  out += options_section(global_options(), "OPTIONS OF EVERY COMMAND");
  if (!command.examples.empty()) out += ".SH EXAMPLES\n";
  for (const Example& example : command.examples) out += tagged(example.command, example.meaning);
  return out + kExitStatus + ".SH SEE ALSO\n.BR visor (1)\n";
}

std::string man_overview() {
  std::string out = heading("visor");
  out += ".SH NAME\nvisor \\- manage virtual machines\n.SH SYNOPSIS\n.B visor\nCOMMAND [OPTIONS] [ARGUMENTS]\n";
  out += ".SH DESCRIPTION\nvisor speaks to the daemon visord, which runs virtual machines with QEMU.\n.SH COMMANDS\n";
  for (const Command& command : all_commands()) {
    if (!command.group.empty()) out += ".TP\n.BR " + troff(page_name(command)) + " (1)\n" + troff(command.summary) + "\n";
  }
  out += options_section(global_options(), "OPTIONS");
  out += ".SH ENVIRONMENT\n" + tagged("VISOR_SOCKET", "The daemon's unix socket.") +
         tagged("VISOR_URL, VISOR_TOKEN", "The daemon's address over TCP (http, this computer only) and a token for it.") +
         tagged("NO_COLOR", "No colours.") + tagged("VISUAL, EDITOR", "The editor of visor config edit.");
  return out + kExitStatus;
}

}  // namespace visor::cli
