// What a command is. The parser, --help, the man pages and the completion are all made from these declarations.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/awaitable.h"

namespace visor::cli {

struct Context;

/// What stands at a place of a command line; disks, drives, shares and snapshots are those of the machine that was named before.
enum class Completes {
  nothing,
  files,
  machines,
  disks,
  drives,
  shares,
  snapshots,
  images,
  buildable_images,
  volumes,
  isos,
  profiles,
  systems,
  tasks,
  tokens,
  settings,
  commands
};

struct OptionSpec {
  std::string names;       ///< "-f,--format" or "--image"
  std::string value = {};  ///< what its value is called in help ("SIZE"); empty: a flag
  std::string help = {};
  Completes completes = Completes::nothing;
  std::vector<std::string> choices = {};  ///< all allowed values, when they are few
  bool repeats = false;
  bool value_optional = false;  ///< "--wait" and "--wait=ready" are both right

  /// "format" of "-f,--format".
  std::string long_name() const;
};

struct PositionalSpec {
  std::string name;  ///< "NAME"
  std::string help;
  Completes completes = Completes::nothing;
  bool required = true;
  bool repeats = false;
};

struct Example {
  std::string command;
  std::string meaning;
};

/// The values of one invocation.
class Arguments {
 public:
  void add(const std::string& name, std::string value) { values_[name].push_back(std::move(value)); }

  /// Whether the option (long name without dashes) or positional ("NAME") was given.
  bool has(const std::string& name) const { return values_.contains(name); }
  /// The last value given, or `fallback`.
  std::string get(const std::string& name, const std::string& fallback = {}) const;
  /// All values in order.
  std::vector<std::string> all(const std::string& name) const;

  std::vector<std::string> rest;  ///< what follows `--`, for commands that take a command line

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

struct Command {
  std::string name;              ///< "create", "image build"
  std::string group;             ///< heading in the list of commands; empty: not listed
  std::string summary;           ///< one sentence
  std::string description = {};  ///< further paragraphs for --help and the man page
  std::vector<PositionalSpec> positionals = {};
  std::vector<OptionSpec> options = {};
  std::vector<Example> examples = {};
  std::string rest = {};  ///< name of what follows `--` ("COMMAND..."), when the command takes that
  bool dry_run = false;   ///< understands --dry-run; other commands refuse it
  /// Does the work; returns the exit code or throws Error. Both references live in main() until it has ended.
  Awaitable<int> (*run)(Context&, const Arguments&) = nullptr;
};

enum class Format { table, json, yaml, csv };

/// The options that every command understands.
struct Globals {
  Format format = Format::table;
  std::string socket;
  bool no_wait = false;
  std::string wait;  ///< "", "running" or "ready"
  std::optional<std::chrono::seconds> timeout;
  bool dry_run = false;
  bool yes = false;
  bool quiet = false;
  std::string color = "auto";
};

/// Declarations of the options behind Globals.
const std::vector<OptionSpec>& global_options();
/// Every command, in the order in which help shows them.
const std::vector<Command>& all_commands();

/// The command whose name is the longest run of words at the start of `words`; `used` is the number of its words.
const Command* find_command(const std::vector<std::string>& words, std::size_t& used);

}  // namespace visor::cli
