// `visor processor`: what a guest sees of its processor, and which kinds of hosts it can move to.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

/// As many missing features as fit a line; the rest is counted.
constexpr std::size_t kShownMissing = 6;

std::string missing_text(const std::vector<std::string>& missing) {
  const auto end = missing.begin() + static_cast<std::ptrdiff_t>(std::min(missing.size(), kShownMissing));
  std::string line = fmt::format("{}", fmt::join(missing.begin(), end, " "));
  if (missing.size() > kShownMissing) line += fmt::format(" and {} more", missing.size() - kShownMissing);
  return line;
}

std::string why_not(const model::HostTypeFit& host, bool all) {
  if (host.fits) return "";
  if (host.missing.empty()) return "another maker";
  return all ? fmt::format("{}", fmt::join(host.missing, " ")) : missing_text(host.missing);
}

void show_hosts(const Context& context, const model::ProcessorReport& report, bool all) {
  Table table{{{"HOST"}, {"MAKER"}, {"FITS"}, {"LACKS"}}, {}};
  for (const model::HostTypeFit& host : report.hosts) {
    table.rows.push_back({text::printable(host.type), host.maker.empty() ? "any" : text::printable(host.maker),
                          host.fits ? "yes" : "no", why_not(host, all)});
  }
  if (context.out.is_table()) {
    context.out.say(fmt::format("{} of {}, {} features, {}", text::printable(report.model), text::printable(report.maker),
                                report.features.size(),
                                report.running ? "as the running guest sees it" : "as the next start shows it to the guest"));
    if (report.emulated) context.out.say("QEMU emulates it: every host with this QEMU or a newer one has it.");
  }
  context.out.show(json::to_json(report), table);
}

/// One kind only. The exit code tells the answer, for scripts.
int show_host(const Context& context, model::ProcessorReport report, const std::string& type) {
  const auto found = std::ranges::find(report.hosts, type, &model::HostTypeFit::type);
  if (found == report.hosts.end()) {
    throw Error(ErrorKind::invalid, "cli.unknown_host_type", fmt::format("QEMU knows no processor `{}`.", text::printable(type)),
                "`visor processor NAME` lists those that it knows.");
  }
  report.hosts = {model::HostTypeFit(*found)};
  show_hosts(context, report, true);
  return report.hosts.front().fits ? kExitOk : kExitError;
}

Awaitable<int> processor(Context& context, const Arguments& arguments) {
  model::ProcessorReport report = co_await context.api().processor(arguments.get("NAME"));
  if (arguments.has("features")) {
    Table table{{{"FEATURE"}}, {}};
    for (const std::string& feature : report.features) table.rows.push_back({text::printable(feature)});
    context.out.show(json::to_json(report.features), table);
    co_return kExitOk;
  }
  if (arguments.has("host")) co_return show_host(context, std::move(report), arguments.get("host"));
  show_hosts(context, report, false);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> processor_commands() {
  return {
      {.name = "processor",
       .group = "Machines",
       .summary = "Show what processor the guest sees, and to which kinds of hosts the machine can move.",
       .description =
           "A running guest moves only to a host of the same maker that has every feature it was shown. A level such as "
           "`visor set NAME cpu.model=x86-64-v3` fits most hosts.",
       .positionals = {{"NAME", "The machine.", Completes::machines}},
       .options = {{.names = "--host",
                    .value = "TYPE",
                    .help = "Only this kind of host, with all that it lacks; the exit code is 1 when it does not fit."},
                   {.names = "--features", .help = "The features that the guest sees instead."}},
       .examples = {{"visor processor hello", "on which hosts it could run"},
                    {"visor processor hello --host EPYC-Rome", "what a host with such a processor lacks"}},
       .run = processor},
  };
}

}  // namespace visor::cli
