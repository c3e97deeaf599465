#include "visor/command.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "visor/commands.h"

namespace visor::cli {
namespace {

std::vector<Command> collect() {
  std::vector<Command> all;
  for (const auto group :
       {create_commands, list_commands,      power_commands,      change_commands, config_commands,  console_commands,
        shell_commands,  screen_commands,    exec_commands,       files_commands,  inspect_commands, explain_commands,
        pin_commands,    processor_commands, memory_commands,     boot_commands,   disk_commands,    disk_care_commands,
        share_commands,  snapshot_commands,  image_commands,      clone_commands,  iso_commands,     task_commands,
        event_commands,  host_commands,      doctor_commands,     os_commands,     profile_commands, web_commands,
        token_commands,  api_commands,       completion_commands, help_commands}) {
    std::vector<Command> part = group();
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

std::string OptionSpec::long_name() const {
  std::string name = names.substr(names.find("--"));
  name = name.substr(2, name.find(',') - 2);
  return name;
}

std::string Arguments::get(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

const std::vector<OptionSpec>& global_options() {
  static const std::vector<OptionSpec> kOptions = {
      {.names = "-f,--format",
       .value = "FORMAT",
       .help = "Output as table, json, yaml or csv.",
       .choices = {"table", "json", "yaml", "csv"}},
      {.names = "--socket",
       .value = "PATH",
       .help = "The daemon's unix socket (default: VISOR_SOCKET, else your own instance, else the system's).",
       .completes = Completes::files},
      {.names = "--wait",
       .value = "STATE",
       .help = "Wait until the work is done (the default); --wait=ready: until the guest is ready.",
       .choices = {"running", "ready"},
       .value_optional = true},
      {.names = "--no-wait", .help = "Return as soon as the daemon has taken the work on."},
      {.names = "--timeout", .value = "TIME", .help = "Longest time to wait: 90s, 10m, 1h."},
      {.names = "--dry-run", .help = "Show what would happen and change nothing."},
      {.names = "-y,--yes", .help = "Do not ask."},
      {.names = "-q,--quiet", .help = "No progress and no messages, only results and errors."},
      {.names = "--color",
       .value = "WHEN",
       .help = "Colours: auto, always or never (NO_COLOR is obeyed).",
       .choices = {"auto", "always", "never"}},
      {.names = "-h,--help", .help = "Show this help."},
  };
  return kOptions;
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> kCommands = collect();
  return kCommands;
}

const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  const Command* best = nullptr;
  used = 0;
  for (const Command& command : all_commands()) {
    const std::vector<std::string> name = text::split(command.name, ' ');
    const bool matches = name.size() <= words.size() && std::equal(name.begin(), name.end(), words.begin());
    if (matches && name.size() > used) {
      best = &command;
      used = name.size();
    }
  }
  return best;
}

}  // namespace visor::cli
