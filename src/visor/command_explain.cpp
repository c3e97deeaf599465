// `visor explain`: what a start does and which setting wants it.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/ssh.h"

namespace visor::cli {
namespace {

/// "cpu.pinning" is asked for: it and what is below it.
bool is_about(const std::string& setting, std::string wanted) {
  if (!wanted.starts_with("spec.") && wanted != "visor") wanted = "spec." + wanted;
  return setting == wanted || setting.starts_with(wanted + ".") || setting.starts_with(wanted + "[");
}

void keep_only(model::CommandLine& line, const std::string& wanted) {
  std::erase_if(line.arguments, [&](const model::ExplainedArgument& argument) {
    return !is_about(argument.setting, wanted) && std::none_of(argument.also.begin(), argument.also.end(),
                                                               [&](const std::string& other) { return is_about(other, wanted); });
  });
  std::erase_if(line.steps, [&](const model::ExplainedStep& step) { return !is_about(step.setting, wanted); });
}

std::string plain_line(const model::CommandLine& line) {
  std::vector<std::string> words = {line.program};
  for (const model::ExplainedArgument& argument : line.arguments) {
    words.push_back(argument.argument);
    if (!argument.value.empty()) words.push_back(argument.value);
  }
  return shell_quoted(words) + "\n";
}

std::string block(const std::string& what, const std::string& setting, const std::string& why, bool color) {
  std::string text = paint(text::printable(what), Color::bold, color) + "\n";
  return text + paint("    " + setting + (why.empty() ? "" : "  " + why), Color::dim, color) + "\n";
}

std::string as_text(const model::CommandLine& line, bool color) {
  std::string text = text::printable(line.program) + "\n";
  for (const model::ExplainedArgument& argument : line.arguments) {
    std::string settings = argument.setting;
    for (const std::string& other : argument.also) settings += ", " + other;
    text += block(argument.argument + (argument.value.empty() ? "" : " " + argument.value), settings, argument.why, color);
  }
  if (!line.steps.empty()) text += "\nBefore the guest runs:\n";
  for (const model::ExplainedStep& step : line.steps) {
    text += block(fmt::format("{} {} {}", step.kind, step.target, step.value), step.setting, step.why, color);
  }
  return text;
}

/// Argument and value as one line each. A port that is chosen at each start is no difference.
std::vector<std::string> lines_of(const std::vector<std::string>& words) {
  std::vector<std::string> lines;
  for (const std::string& word : words) {
    const bool value = !lines.empty() && !word.starts_with('-') && lines.back().find(' ') == std::string::npos;
    if (value) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

/// The user network's forwards without the ports of the host: "tcp:127.0.0.1:40022-:22" is "tcp:127.0.0.1:-:22".
std::string without_host_ports(const std::string& line) {
  if (!line.starts_with("-netdev ")) return line;
  std::string out;
  for (const char c : line) {
    if (c == '-' && !out.empty() && out.size() > 8) {
      while (out.back() >= '0' && out.back() <= '9') out.pop_back();
    }
    out += c;
  }
  return out;
}

/// What is in `from` and not in `other`, in its order.
std::vector<std::string> missing_in(const std::vector<std::string>& from, std::vector<std::string> other) {
  for (std::string& line : other) line = without_host_ports(line);
  std::vector<std::string> left;
  for (const std::string& line : from) {
    const auto same = std::find(other.begin(), other.end(), without_host_ports(line));
    if (same == other.end()) {
      left.push_back(line);
    } else {
      other.erase(same);
    }
  }
  return left;
}

int show_difference(Context& context, const model::CommandLine& line, const std::string& name) {
  if (!line.running) {
    throw Error(ErrorKind::conflict, "machine.not_running", fmt::format("The machine '{}' does not run.", text::printable(name)),
                "Without --diff its next start is explained.");
  }
  std::vector<std::string> next{line.program};
  for (const model::ExplainedArgument& argument : line.arguments) {
    next.push_back(argument.argument);
    if (!argument.value.empty()) next.push_back(argument.value);
  }
  const std::vector<std::string> now_lines = lines_of(*line.running);
  const std::vector<std::string> next_lines = lines_of(next);
  const std::vector<std::string> removed = missing_in(now_lines, next_lines);
  const std::vector<std::string> added = missing_in(next_lines, now_lines);
  if (!context.out.is_table()) {
    context.out.show(boost::json::object{{"removed", json::to_json(removed)}, {"added", json::to_json(added)}});
    return kExitOk;
  }
  if (removed.empty() && added.empty()) context.out.say("The next start runs the same command line.");
  const bool color = context.out.canvas().color;
  std::string text;
  for (const std::string& gone : removed) text += paint("- " + text::printable(gone), Color::red, color) + "\n";
  for (const std::string& fresh : added) text += paint("+ " + text::printable(fresh), Color::green, color) + "\n";
  context.out.print(text);
  return kExitOk;
}

Awaitable<int> explain(Context& context, const Arguments& arguments) {
  model::CommandLine line = co_await context.api().command_line(arguments.get("NAME"));
  if (arguments.has("diff")) co_return show_difference(context, line, arguments.get("NAME"));
  if (arguments.has("plain")) {
    context.out.print(plain_line(line));
    co_return kExitOk;
  }
  if (const std::string wanted = arguments.get("KEY"); !wanted.empty()) keep_only(line, wanted);
  if (context.out.is_table()) {
    context.out.print(as_text(line, context.out.canvas().color));
    co_return kExitOk;
  }
  Table table{{{"ARGUMENT"}, {"VALUE"}, {"SETTING"}, {"WHY"}}, {}};
  for (const model::ExplainedArgument& argument : line.arguments) {
    table.rows.push_back({argument.argument, argument.value, argument.setting, argument.why});
  }
  for (const model::ExplainedStep& step : line.steps) {
    table.rows.push_back({step.kind + " " + step.target, step.value, step.setting, step.why});
  }
  context.out.show(json::to_json(line), table);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> explain_commands() {
  return {
      {.name = "explain",
       .group = "Look inside",
       .summary = "Show what a start does: every argument of QEMU and every step, with the setting that wants it.",
       .positionals = {{"NAME", "The machine.", Completes::machines},
                       {"KEY", "Only what this setting, or those below it, make.", Completes::settings, false}},
       .options = {{.names = "--diff", .help = "What the next start does otherwise than the running machine."},
                   {.names = "--plain", .help = "One line that can be pasted into a shell."}},
       .examples = {{"visor explain hello", "everything, with a sentence each"},
                    {"visor explain hello cpu", "what the processor settings make"},
                    {"visor explain hello --diff", "what waits for the next start"},
                    {"visor explain hello --plain", "to try something by hand"}},
       .run = explain},
  };
}

}  // namespace visor::cli
