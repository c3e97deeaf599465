#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/topology_view.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

Details host_details(const model::Host& host) {
  Details details;
  details.add("Host", {host.hostname, Color::bold});
  details.add("System", fmt::format("{}, Linux {}", host.os, host.kernel));
  details.add("Uptime", format_duration(std::chrono::seconds(host.uptime_seconds)));
  details.add("Processor", fmt::format("{}: {} threads, {} cores, {} sockets", host.cpu.model, host.cpu.threads, host.cpu.cores,
                                       host.cpu.sockets));
  std::string load;
  for (const double value : host.load) load += fmt::format("{}{:.2f}", load.empty() ? "" : ", ", value);
  details.add("Load", fmt::format("{:.0f} % ({})", host.cpu_percent, load));
  details.add("Memory",
              fmt::format("{} free of {}", format_size(host.memory.available.count), format_size(host.memory.total.count)));
  details.add("Storage", fmt::format("{} free of {} at {}", format_size(host.storage.free.count),
                                     format_size(host.storage.total.count), host.storage.path));
  std::string label = "QEMU";
  for (const model::QemuInfo& qemu : host.qemu) {
    if (!qemu.problem.empty()) {
      details.add(std::exchange(label, ""), {fmt::format("{}: {}", json::enum_name(qemu.arch), qemu.problem), Color::red});
      continue;
    }
    details.add(std::exchange(label, ""),
                fmt::format("{} {} uses {} ({})", json::enum_name(qemu.arch), qemu.version, qemu.accelerator, qemu.path));
    for (const model::AcceleratorState& state : qemu.accelerators) {
      const std::string why = state.usable ? "usable" : "not used: " + state.reason;
      details.add("", {fmt::format("  {}: {}", state.name, why), state.usable ? Color::green : Color::yellow});
    }
  }
  details.add("Instance", fmt::format("{} (visord {})", host.instance.mode, host.instance.version));
  details.add("State", host.instance.state_directory);
  details.add("Runtime", host.instance.runtime_directory);
  return details;
}

Awaitable<int> host_info(Context& context, const Arguments& /*arguments*/) {
  const model::Host host = co_await context.api().host();
  context.out.show(json::to_json(host), host_details(host));
  co_return kExitOk;
}

Awaitable<int> host_topology(Context& context, const Arguments& /*arguments*/) {
  const model::HostTopology topology = co_await context.api().host_topology();
  if (context.out.is_table()) {
    context.out.print(topology_picture(topology, context.out.canvas()));
  } else {
    context.out.show(json::to_json(topology), topology_table(topology));
  }
  co_return kExitOk;
}

Awaitable<int> host_stop_machines(Context& context, const Arguments& /*arguments*/) {
  if (context.globals.dry_run) {
    const std::vector<model::HostStopEntry> plan = co_await context.api().preview_stop_for_host();
    Table table{{{"ROUND", Align::right}, {"MACHINE"}, {"ACTION"}, {"LIMIT", Align::right}}, {}};
    for (const model::HostStopEntry& entry : plan) {
      table.rows.push_back({std::to_string(entry.round), entry.machine, json::enum_name(entry.action),
                            format_duration(std::chrono::seconds(entry.time_limit))});
    }
    context.out.show(json::to_json(plan), table);
    co_return kExitOk;
  }
  model::Task task = co_await context.api().stop_for_host();
  Finish finish = {.done = "No machine runs any more."};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

}  // namespace

std::vector<Command> host_commands() {
  return {
      {.name = "host info",
       .group = "Host",
       .summary = "Show this host: processor, memory, storage, QEMU and what accelerates it.",
       .examples = {{"visor host info", "with the reason why an accelerator is not used"},
                    {"visor host info -f json", "for a program"}},
       .run = host_info},
      {.name = "host topology",
       .group = "Host",
       .summary = "Draw this host's processors: packages, NUMA nodes, caches, cores, how busy each thread is and whose.",
       .description =
           "A box is a core and holds its threads, each with the kernel's number, its load of the last moments and the marks of "
           "the machines that are bound to it. What stands below one line shares that: a package, the memory of a node, an L3 "
           "cache, an L2 cache.",
       .examples = {{"visor host topology", "a picture that fits the terminal"},
                    {"visor host topology -f csv", "one row per processor"},
                    {"visor host topology -f json", "for a program"}},
       .run = host_topology},
      {.name = "host stop-machines",
       .group = "Host",
       .summary = "Bring every running machine to rest as its setting onHostShutdown says: shut down, save or turn off.",
       .description =
           "What the service visor-machines does when this host shuts down. Machines that start last stop first: those without "
           "autostart, then by autostart.order from high to low; those of one round together. A machine that is not at rest "
           "when its onHostShutdown.timeLimit is over is turned off. Until all is done no machine can be started.",
       .examples = {{"visor host stop-machines --dry-run", "what would become of each, and when"},
                    {"visor set db onHostShutdown.action=save onHostShutdown.timeLimit=300",
                     "keep its state, which takes a while"}},
       .dry_run = true,
       .run = host_stop_machines},
  };
}

}  // namespace visor::cli
