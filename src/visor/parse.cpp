#include "visor/parse.h"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "visor/exit_code.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

using Words = std::vector<std::string>;

/// A declared option and where CLI11 leaves what was given.
struct Bound {
  const OptionSpec* spec;
  CLI::Option* option;
};

bool takes_next_word(const std::string& word) {
  if (word.find('=') != std::string::npos) return false;
  for (const OptionSpec& option : global_options()) {
    if (option.value.empty() || option.value_optional) continue;
    const Words names = text::split(option.names, ',');
    if (std::find(names.begin(), names.end(), word) != names.end()) return true;
  }
  return false;
}

/// Whether the words have the same letters in another order, or differ in one place: the slips of a typing hand.
bool looks_like(std::string typed, std::string known) {
  if (typed.size() < 2) return false;
  const auto rest = std::mismatch(typed.begin(), typed.end(), known.begin(), known.end());
  const std::string_view after(rest.first, typed.end());
  const std::string_view wanted(rest.second, known.end());
  const auto tail = [](std::string_view text) { return text.empty() ? text : text.substr(1); };
  if (tail(after) == wanted || after == tail(wanted) || tail(after) == tail(wanted)) return true;
  std::sort(typed.begin(), typed.end());
  std::sort(known.begin(), known.end());
  return typed == known;
}

std::string unknown_command(const std::string& word) {
  std::string message = fmt::format("There is no command '{}'.", text::printable(word));
  for (const Command& command : all_commands()) {
    if (command.name.starts_with(word + " ")) {
      std::string verbs;
      for (const Command& verb : all_commands()) {
        if (verb.name.starts_with(word + " ")) verbs += (verbs.empty() ? "" : ", ") + verb.name.substr(word.size() + 1);
      }
      return fmt::format("`visor {}` needs one of: {}.", word, verbs);
    }
  }
  for (const Command& command : all_commands()) {
    if (looks_like(word, command.name)) return message + fmt::format(" Did you mean `visor {}`?", command.name);
  }
  return message;
}

CLI::Option* bind(CLI::App& app, const OptionSpec& spec, std::vector<std::string>& into) {
  // A flag with `=value` never swallows the next word, which is usually a name.
  if (spec.value.empty() || spec.value_optional) return app.add_flag(spec.names, spec.help);
  CLI::Option* option = app.add_option(spec.names, into, spec.help);
  option->expected(1)->multi_option_policy(spec.repeats ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  option->allow_extra_args(false);
  return option;
}

void check_choice(const OptionSpec& spec, const std::string& value, const std::string& command) {
  if (spec.choices.empty() || std::find(spec.choices.begin(), spec.choices.end(), value) != spec.choices.end()) return;
  std::string allowed;
  for (const std::string& choice : spec.choices) allowed += (allowed.empty() ? "" : ", ") + choice;
  throw usage_error(fmt::format("--{} is one of {}, not '{}'.", spec.long_name(), allowed, text::printable(value)), command);
}

void take_global(const OptionSpec& spec, const std::string& value, Globals& globals) {
  const std::string name = spec.long_name();
  if (name == "socket") globals.socket = value;
  if (name == "no-wait") globals.no_wait = true;
  if (name == "wait") globals.wait = value;
  if (name == "timeout") globals.timeout = parse_duration(value);
  if (name == "dry-run") globals.dry_run = true;
  if (name == "yes") globals.yes = true;
  if (name == "quiet") globals.quiet = true;
  if (name == "color") globals.color = value;
  if (name != "format") return;
  if (value == "json") globals.format = Format::json;
  if (value == "yaml") globals.format = Format::yaml;
  if (value == "csv") globals.format = Format::csv;
}

/// Values of an option as they were written; a bare flag is one empty value.
Words given_values(const Bound& bound, const std::string& command) {
  Words values = bound.option->results();
  const bool bare = bound.spec->value.empty() || bound.spec->value_optional;
  for (std::string& value : values) {
    if (bare && value == "true") value.clear();
    if (bound.spec->value.empty() && !value.empty()) {
      throw usage_error(fmt::format("--{} takes no value.", bound.spec->long_name()), command);
    }
    if (!(bound.spec->value_optional && value.empty())) check_choice(*bound.spec, value, command);
  }
  return values;
}

void take_positionals(const Command& command, const Words& words, Arguments& arguments) {
  std::size_t at = 0;
  for (const PositionalSpec& positional : command.positionals) {
    if (at >= words.size()) {
      if (positional.required)
        throw usage_error(fmt::format("`visor {}` needs {}.", command.name, positional.name), command.name);
      break;
    }
    do {
      if (words[at].empty()) throw usage_error(fmt::format("{} must not be empty.", positional.name), command.name);
      if (words[at].size() > 1 && words[at].front() == '-') {
        throw usage_error(fmt::format("'{}' cannot be {}: it begins with '-'.", text::printable(words[at]), positional.name),
                          command.name);
      }
      arguments.add(positional.name, words[at++]);
    } while (positional.repeats && at < words.size());
  }
  if (at < words.size() && !command.rest.empty()) {
    throw usage_error(
        fmt::format("Write `--` before the command: `visor {} ... -- {}`.", command.name, text::printable(words[at])),
        command.name);
  }
  if (at < words.size()) {
    throw usage_error(fmt::format("`visor {}` does not take '{}'.", command.name, text::printable(words[at])), command.name);
  }
}

/// CLI11's sentence in ours: one line, with a dot.
std::string sentence(const CLI::ParseError& error) {
  std::string text = error.what();
  text = text.substr(0, text.find('\n'));
  return text.ends_with('.') ? text : text + ".";
}

/// `words`: options and positionals; `after`: what followed `--`, positionals all of it.
void run_parser(const Command& command, const Words& words, const Words& after, Invocation& into) {
  CLI::App app;
  app.set_help_flag();
  std::vector<std::unique_ptr<Words>> storage;
  std::vector<Bound> globals;
  std::vector<Bound> own;
  const auto add = [&](const OptionSpec& spec, std::vector<Bound>& to) {
    storage.push_back(std::make_unique<Words>());
    to.push_back({&spec, bind(app, spec, *storage.back())});
  };
  const auto is_own = [&](const OptionSpec& spec) {
    return std::any_of(command.options.begin(), command.options.end(),
                       [&](const OptionSpec& other) { return other.long_name() == spec.long_name(); });
  };
  for (const OptionSpec& spec : command.options) add(spec, own);
  for (const OptionSpec& spec : global_options()) {
    if (!is_own(spec)) add(spec, globals);
  }
  // CLI11's own positionals would take "[1,2]" apart; as extras the words stay as they are.
  app.allow_extras();
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    throw usage_error(sentence(error), command.name);
  }
  for (const Bound& bound : globals) {
    for (const std::string& value : given_values(bound, command.name)) take_global(*bound.spec, value, into.globals);
  }
  for (const Bound& bound : own) {
    for (const std::string& value : given_values(bound, command.name)) into.arguments.add(bound.spec->long_name(), value);
  }
  Words positionals = app.remaining();
  for (const std::string& word : positionals) {
    if (word.size() > 1 && word.front() == '-') {
      throw usage_error(fmt::format("The option '{}' is not known.", text::printable(word)), command.name);
    }
  }
  positionals.insert(positionals.end(), after.begin(), after.end());
  take_positionals(command, positionals, into.arguments);
}

bool asks_for_help(const Words& words) {
  return std::find(words.begin(), words.end(), "--help") != words.end() ||
         std::find(words.begin(), words.end(), "-h") != words.end();
}

const Command& command_named(const std::string& name) {
  std::size_t used = 0;
  return *find_command({name}, used);
}

}  // namespace

std::size_t find_first_word(const std::vector<std::string>& arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-') && arguments[at] != "--")
    at += takes_next_word(arguments[at]) ? 2 : 1;
  return std::min(at, arguments.size());
}

Invocation parse(const std::vector<std::string>& arguments) {
  Invocation invocation;
  const std::size_t first = find_first_word(arguments);
  const auto dash = std::find(arguments.begin() + static_cast<std::ptrdiff_t>(first), arguments.end(), "--");
  const Words before(arguments.begin(), dash);
  const Words after(dash == arguments.end() ? dash : dash + 1, arguments.end());
  if (first >= before.size()) {
    const bool version = std::find(before.begin(), before.end(), "--version") != before.end();
    invocation.command = &command_named(version ? "version" : "help");
    return invocation;
  }
  const Words words(before.begin() + static_cast<std::ptrdiff_t>(first), before.end());
  std::size_t used = 0;
  invocation.command = find_command(words, used);
  if (invocation.command == nullptr && asks_for_help(words)) {
    // `visor image --help`: the commands of the group.
    invocation.command = &command_named("help");
    invocation.arguments.add("COMMAND", words.front());
    return invocation;
  }
  if (invocation.command == nullptr) throw usage_error(unknown_command(words.front()));
  const Command& command = *invocation.command;
  Words rest(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(first));
  rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  invocation.help = asks_for_help(rest);
  if (invocation.help) return invocation;
  if (!command.rest.empty()) invocation.arguments.rest = after;
  run_parser(command, rest, command.rest.empty() ? after : Words(), invocation);
  if (invocation.globals.dry_run && !command.dry_run) {
    throw usage_error(fmt::format("`visor {}` has no dry run.", command.name), command.name);
  }
  return invocation;
}

}  // namespace visor::cli
