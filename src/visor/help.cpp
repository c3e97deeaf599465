#include "visor/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

constexpr std::size_t kLabelWidth = 26;

std::string entry(const std::string& label, const std::string& help, std::size_t width) {
  std::string line = "  " + label;
  const std::size_t column = kLabelWidth + 2;
  if (display_width(line) + 2 > column) {
    line += "\n" + std::string(column, ' ');
  } else {
    line.append(column - display_width(line), ' ');
  }
  return line + wrap(help, column, width) + "\n";
}

std::string option_help(const OptionSpec& option) {
  std::string help = option.help;
  if (option.repeats) help += " May be given several times.";
  return help;
}

/// Titles of groups in the order of their first command.
std::vector<std::string> groups() {
  std::vector<std::string> names;
  for (const Command& command : all_commands()) {
    if (!command.group.empty() && std::find(names.begin(), names.end(), command.group) == names.end())
      names.push_back(command.group);
  }
  return names;
}

}  // namespace

std::string option_label(const OptionSpec& option) {
  std::string label;
  for (const std::string& name : text::split(option.names, ',')) label += (label.empty() ? "" : ", ") + name;
  if (option.value.empty()) return label;
  return label + (option.value_optional ? "[=" + option.value + "]" : " " + option.value);
}

std::string usage_line(const Command& command) {
  std::string line = "visor " + command.name;
  if (!command.options.empty()) line += " [OPTIONS]";
  for (const PositionalSpec& positional : command.positionals) {
    std::string name = positional.name + (positional.repeats ? "..." : "");
    line += positional.required ? " " + name : " [" + name + "]";
  }
  if (!command.rest.empty()) line += " -- " + command.rest;
  return line;
}

std::string command_help(const Command& command, std::size_t width) {
  std::string out = command.summary + "\n\nUsage: " + usage_line(command) + "\n";
  if (!command.description.empty()) out += "\n" + wrap(command.description, 0, width) + "\n";
  if (!command.positionals.empty()) out += "\nArguments:\n";
  for (const PositionalSpec& positional : command.positionals) out += entry(positional.name, positional.help, width);
  if (!command.options.empty()) out += "\nOptions:\n";
  for (const OptionSpec& option : command.options) out += entry(option_label(option), option_help(option), width);
  out += "\nEverywhere:\n";
  for (const OptionSpec& option : global_options()) {
    if (option.names == "--dry-run" && !command.dry_run) continue;
    out += entry(option_label(option), option_help(option), width);
  }
  if (!command.examples.empty()) out += "\nExamples:\n";
  for (const Example& example : command.examples) out += "  " + example.command + "\n      " + example.meaning + "\n";
  return out;
}

std::string overview(std::string_view prefix, std::size_t width) {
  std::string out;
  if (prefix.empty()) out = "visor manages virtual machines on this host.\n\nUsage: visor COMMAND [OPTIONS] [ARGUMENTS]\n";
  for (const std::string& group : groups()) {
    std::string lines;
    for (const Command& command : all_commands()) {
      const bool wanted = prefix.empty() || command.name == prefix || command.name.starts_with(std::string(prefix) + " ");
      if (command.group == group && wanted) lines += entry(command.name, command.summary, width);
    }
    if (!lines.empty()) out += fmt::format("\n{}:\n{}", group, lines);
  }
  if (prefix.empty()) {
    out += "\nOptions of every command:\n";
    for (const OptionSpec& option : global_options()) out += entry(option_label(option), option_help(option), width);
  }
  out +=
      "\n`visor COMMAND --help` shows a command with examples. Exit codes: 0 ok, 1 error, 2 usage, 4 not found,\n"
      "5 conflict, 124 timeout, 130 interrupted.\n";
  return out;
}

std::string markdown_reference() {
  std::string out =
      "# Commands of `visor`\n\n"
      "Made from the program's own declarations by `visor __markdown`; `visor COMMAND --help` shows the same.\n\n"
      "Options of every command: `-f table|json|yaml|csv`, `--socket PATH`, `--wait[=ready]`, `--no-wait`, `--timeout TIME`,\n"
      "`--dry-run`, `-y/--yes`, `-q/--quiet`, `--color WHEN`. `--` ends options everywhere.\n\n"
      "Exit codes: 0 ok, 1 error, 2 usage, 4 not found, 5 conflict, 124 timeout, 130 interrupted; `exec` and `shell` pass on "
      "the\n"
      "code of their command. Results go to standard output, progress and messages to standard error; with `-f json` and `-f "
      "yaml` a failure is a\n"
      "problem object there, with the same stable `code` as in the API.\n\n"
      "The daemon is found by `--socket`, then `VISOR_URL` (with `VISOR_TOKEN`), then `VISOR_SOCKET`, then your own instance's "
      "socket;\nwhoever has never had an instance of his own gets the one of the system.\n";
  for (const std::string& group : groups()) {
    out += "\n## " + group + "\n";
    for (const Command& command : all_commands()) {
      if (command.group != group) continue;
      out += "\n### " + command.name + "\n\n" + command.summary + "\n\n    " + usage_line(command) + "\n";
      if (!command.description.empty()) out += "\n" + command.description + "\n";
      if (!command.options.empty()) out += "\n";
      for (const OptionSpec& option : command.options) out += "- `" + option_label(option) + "` " + option_help(option) + "\n";
      if (!command.examples.empty()) out += "\n```sh\n";
      for (const Example& example : command.examples) out += example.command + "    # " + example.meaning + "\n";
      if (!command.examples.empty()) out += "```\n";
    }
  }
  return out;
}

}  // namespace visor::cli
