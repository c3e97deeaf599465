// `visor memory`: what dynamic memory gives a machine, and why.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

/// As many changes as fit a terminal.
constexpr std::size_t kShownChanges = 12;
constexpr std::size_t kBarColumns = 30;

std::string_view words(model::MemoryReason reason) {
  switch (reason) {
    case model::MemoryReason::steady: return "";
    case model::MemoryReason::growing: return "the guest needs more";
    case model::MemoryReason::resting: return "the guest needs less";
    case model::MemoryReason::shortage: return "the host is short";
  }
  return "";
}

std::string or_dash(const std::optional<Bytes>& bytes) { return bytes ? format_size(bytes->count) : "-"; }

void show(const Context& context, const model::MemoryReport& report) {
  Table table{{{"WHEN"}, {"FROM", Align::right}, {"TO", Align::right}, {"USED", Align::right}, {"WHY"}}, {}};
  const WallTime now = std::chrono::system_clock::now();
  const std::size_t first = report.changes.size() - std::min(report.changes.size(), kShownChanges);
  for (std::size_t i = first; i < report.changes.size(); ++i) {
    const model::MemoryChange& change = report.changes[i];
    table.rows.push_back({format_age(change.time, now), format_size(change.from.count), format_size(change.to.count),
                          format_size(change.used.count), std::string(words(change.reason))});
  }
  if (context.out.is_table()) {
    context.out.say(fmt::format("Assigned {}, used {} ({} to {}{})", or_dash(report.assigned), or_dash(report.used),
                                format_size(report.minimum.count), format_size(report.maximum.count),
                                report.dynamic ? "" : ", not dynamic"));
    context.out.say(fmt::format("Host: {} available, {} kept in reserve, {:.1f} % of the time something waited for memory",
                                format_size(report.host_available.count), format_size(report.host_reserve.count),
                                report.host_pressure));
    if (report.merged) {
      context.out.say(
          fmt::format("Held once together with equal pages of other machines: {}", format_size(report.merged->count)));
    }
    if (table.rows.empty()) return;
  }
  context.out.show(json::to_json(report), table);
}

/// Used, given beyond that, and what is left until `most`: "██▒▒▒···".
std::string bar(const model::Sample& sample, Bytes most) {
  const auto columns = [most](const std::optional<Bytes>& part) {
    const double share =
        static_cast<double>(part.value_or(Bytes()).count) / static_cast<double>(std::max<std::uint64_t>(most.count, 1));
    return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBarColumns));
  };
  const std::size_t used = columns(sample.memory_used);
  const std::size_t assigned = std::max(used, columns(sample.memory_assigned));
  std::string text;
  for (std::size_t i = 0; i < kBarColumns; ++i) text += i < used ? "█" : i < assigned ? "▒" : "·";
  return text;
}

void show_course(const Context& context, const model::MetricsWindow& window, const model::MemoryReport& report) {
  Table table{{{"WHEN"}, {"USED", Align::right}, {"ASSIGNED", Align::right}, {"HOST", Align::right}, {"UP TO THE MOST"}}, {}};
  const WallTime now = std::chrono::system_clock::now();
  for (const model::Sample& sample : window.samples) {
    table.rows.push_back({format_age(sample.time, now), or_dash(sample.memory_used), or_dash(sample.memory_assigned),
                          format_size(sample.memory_resident.count), bar(sample, report.maximum)});
  }
  context.out.show(json::to_json(window), table);
}

Awaitable<int> memory(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const model::MemoryReport report = co_await context.api().memory(name);
  if (arguments.has("range")) {
    show_course(context, co_await context.api().metrics(name, arguments.get("range")), report);
  } else {
    show(context, report);
  }
  co_return kExitOk;
}

}  // namespace

std::vector<Command> memory_commands() {
  return {
      {.name = "memory",
       .group = "Machines",
       .summary = "Show what memory a machine is given, what its guest uses, and why that changed.",
       .description = "`visor set NAME memory.dynamic.enabled=true` lets it follow what the guest needs.",
       .positionals = {{"NAME", "The machine.", Completes::machines}},
       .options = {{.names = "--range",
                    .value = "RANGE",
                    .help = "Its course instead: used, assigned and what that took of the host.",
                    .choices = {"recent", "hour", "day", "month"}}},
       .examples = {{"visor memory hello", "now, and the last changes with their reasons"},
                    {"visor memory hello --range hour", "how it went in the last hour"}},
       .run = memory},
  };
}

}  // namespace visor::cli
