#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

using model::CheckFeature;
using model::CheckState;
using model::HostCheck;

/// Where what was found begins: behind "  limited  ".
constexpr std::size_t kFixIndent = 11;
constexpr std::size_t kMinimumWidth = 60;
constexpr std::size_t kWidestLine = 110;

const char* title_of(CheckFeature feature) {
  switch (feature) {
    case CheckFeature::virtualization: return "Virtualization";
    case CheckFeature::qemu: return "QEMU and firmware";
    case CheckFeature::security: return "Isolation and security";
    case CheckFeature::memory: return "Huge pages and page merging";
    case CheckFeature::passthrough: return "Device passthrough";
    case CheckFeature::control: return "Limits and priorities of machines";
    case CheckFeature::rights: return "Rights and limits of the daemon";
    case CheckFeature::sharing: return "Shared folders";
    case CheckFeature::images: return "Images and keys";
  }
  return "";
}

bool is_fatal(const HostCheck& check) { return check.needed && check.state == CheckState::missing; }

Color color_of(const HostCheck& check) {
  if (check.state == CheckState::ok) return Color::green;
  if (is_fatal(check)) return Color::red;
  return check.state == CheckState::off ? Color::blue : Color::yellow;
}

std::string picture(const HostCheck& check, const Canvas& canvas, std::size_t width) {
  const std::string state = json::enum_name(check.state);
  const std::string indent(kFixIndent, ' ');
  std::string out = "  " + paint(state, color_of(check), canvas.color) + std::string(kFixIndent - 2 - state.size(), ' ');
  out += paint(text::printable(check.title), Color::bold, canvas.color) + (is_fatal(check) ? " (needed)" : "") + "\n";
  out += indent + wrap(text::printable(check.reason), kFixIndent, width) + "\n";
  if (!check.fix.empty()) out += indent + wrap("To do: " + text::printable(check.fix), kFixIndent, width) + "\n";
  // A command is copied: never broken into lines.
  if (!check.command.empty()) out += indent + "  " + text::printable(check.command) + "\n";
  return out;
}

std::string summary(const std::vector<HostCheck>& checks) {
  std::map<CheckState, std::size_t> counts;
  std::string fatal;
  for (const HostCheck& check : checks) {
    ++counts[check.state];
    if (is_fatal(check)) fatal += (fatal.empty() ? "" : ", ") + text::printable(check.title);
  }
  return fmt::format("{} checks: {} ok, {} limited, {} off, {} missing. {}\n", checks.size(), counts[CheckState::ok],
                     counts[CheckState::limited], counts[CheckState::off], counts[CheckState::missing],
                     fatal.empty() ? "Machines can run here." : "Machines cannot run without: " + fatal + ".");
}

std::string report(const std::vector<HostCheck>& checks, const Canvas& canvas) {
  const std::size_t width = canvas.width == 0 ? kWidestLine : std::clamp(canvas.width, kMinimumWidth, kWidestLine);
  std::string out;
  std::optional<CheckFeature> feature;
  for (const HostCheck& check : checks) {
    if (feature != check.feature) {
      out += (feature ? "\n" : "") + paint(title_of(check.feature), Color::bold, canvas.color) + "\n";
      feature = check.feature;
    }
    out += picture(check, canvas, width);
  }
  return out + "\n" + summary(checks);
}

Table table_of(const std::vector<HostCheck>& checks) {
  Table table{{{"ID"}, {"FEATURE"}, {"STATE"}, {"NEEDED"}, {"REASON"}, {"FIX"}, {"COMMAND"}}, {}};
  for (const HostCheck& check : checks) {
    table.rows.push_back({check.id, json::enum_name(check.feature), json::enum_name(check.state), check.needed ? "true" : "false",
                          check.reason, check.fix, check.command});
  }
  return table;
}

/// All checks, or the one that says that nobody answers.
Awaitable<std::vector<HostCheck>> look(Context& context) {
  HostCheck daemon{.id = "daemon", .feature = CheckFeature::qemu, .title = "visord", .needed = true};
  std::optional<Error> unreachable;
  try {
    co_return co_await context.api().host_checks();
  } catch (const Error& error) {
    unreachable = error;
  }
  daemon.state = CheckState::missing;
  daemon.reason = unreachable->what();
  daemon.fix = unreachable->hint();
  co_return std::vector<HostCheck>{daemon};
}

Awaitable<int> doctor(Context& context, const Arguments& /*arguments*/) {
  const std::vector<HostCheck> checks = co_await look(context);
  if (context.out.is_table()) {
    context.out.print(report(checks, context.out.canvas()));
  } else {
    context.out.show(json::to_json(checks), table_of(checks));
  }
  co_return std::any_of(checks.begin(), checks.end(), is_fatal) ? kExitError : kExitOk;
}

}  // namespace

std::vector<Command> doctor_commands() {
  return {
      {.name = "doctor",
       .group = "Host",
       .summary = "Check what works on this host, what does not, why, and how to get it.",
       .description =
           "Every check by the feature that needs it: ok; limited (works in part); off (the host has it, switched off); missing. "
           "Exit code 1 when something is missing without which no machine can run.",
       .examples = {{"visor doctor", "what was found, and the command that helps"}, {"visor doctor -f json", "for a program"}},
       .run = doctor},
  };
}

}  // namespace visor::cli
