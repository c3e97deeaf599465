#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "os/process.h"
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

/// A program and what is impossible without it.
struct Need {
  const char* program;
  const char* package;
  const char* purpose;
  bool essential;
};

constexpr std::array kNeeds = {
    Need{"qemu-system-x86_64", "qemu-system-x86", "x86_64 machines", true},
    Need{"qemu-img", "qemu-utils", "disks and images", true},
    Need{"qemu-system-aarch64", "qemu-system-arm", "aarch64 machines", false},
    Need{"mmdebstrap", "mmdebstrap", "visor image build", false},
    Need{"newuidmap", "uidmap", "visor image build without root", false},
    Need{"sfdisk", "fdisk", "visor image build", false},
    Need{"mke2fs", "e2fsprogs", "visor image build", false},
    Need{"ssh", "openssh-client", "visor shell", false},
    Need{"ssh-keygen", "openssh-client", "keys of machines", false},
};

/// One thing that was looked at.
struct Finding {
  std::string what;
  std::string state;  ///< ok, missing, degraded, failed
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(Finding, (), (what, state, detail))

void check_programs(std::vector<Finding>& findings) {
  for (const Need& need : kNeeds) {
    const auto found = os::find_program(need.program);
    if (found) {
      findings.push_back({need.program, "ok", found->native()});
    } else {
      findings.push_back({need.program, need.essential ? "failed" : "missing",
                          fmt::format("needed for {}; install {}", need.purpose, need.package)});
    }
  }
}

void check_accelerators(const model::Host& host, std::vector<Finding>& findings) {
  for (const model::QemuInfo& qemu : host.qemu) {
    const std::string what = fmt::format("QEMU {}", json::enum_name(qemu.arch));
    if (!qemu.problem.empty()) {
      findings.push_back({what, "failed", qemu.problem});
      continue;
    }
    findings.push_back({what, "ok", fmt::format("{} at {}, uses {}", qemu.version, qemu.path, qemu.accelerator)});
    for (const model::AcceleratorState& state : qemu.accelerators) {
      if (!state.usable) findings.push_back({what + " " + state.name, "degraded", state.reason});
    }
  }
  if (host.qemu.empty()) findings.push_back({"QEMU", "failed", "visord has found none"});
}

Color finding_color(const std::string& state) {
  if (state == "ok") return Color::green;
  return state == "failed" ? Color::red : Color::yellow;
}

Awaitable<int> doctor(Context& context, const Arguments& /*arguments*/) {
  std::vector<Finding> findings;
  std::optional<Error> unreachable;
  try {
    const model::Host host = co_await context.api().host();
    findings.push_back(
        {"visord", "ok",
         fmt::format("{} ({}) at {}", host.instance.version, host.instance.mode, context.api().connection().endpoint().text())});
    check_accelerators(host, findings);
  } catch (const Error& error) {
    unreachable = error;
  }
  if (unreachable) findings.push_back({"visord", "failed", fmt::format("{} {}", unreachable->what(), unreachable->hint())});
  check_programs(findings);
  Table table{{{"CHECK"}, {"STATE"}, {"DETAIL", Align::left, true}}, {}};
  bool failed = false;
  for (const Finding& finding : findings) {
    table.rows.push_back({finding.what, Cell(finding.state, finding_color(finding.state)), finding.detail});
    failed = failed || finding.state == "failed";
  }
  // Reasons are what one asks for here: rather broken lines than cut ones.
  if (context.out.is_table()) {
    context.out.print(render(table, {.width = 0, .color = context.out.canvas().color}));
  } else {
    context.out.show(json::to_json(findings), table);
  }
  co_return failed ? kExitError : kExitOk;
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
       .summary = "Draw this host's processors: packages, NUMA nodes, caches, cores and how busy each thread is.",
       .description =
           "A box is a core and holds its threads, each with the kernel's number and its load of the last moments. What "
           "stands below one line shares that: a package, the memory of a node, an L3 cache, an L2 cache.",
       .examples = {{"visor host topology", "a picture that fits the terminal"},
                    {"visor host topology -f csv", "one row per processor"},
                    {"visor host topology -f json", "for a program"}},
       .run = host_topology},
      {.name = "doctor",
       .group = "Host",
       .summary = "Check what Visor needs: daemon, QEMU, accelerators, programs.",
       .description = "Exit code 1 when something is missing without which machines cannot run.",
       .examples = {{"visor doctor", "what is wrong and which package helps"}},
       .run = doctor},
  };
}

}  // namespace visor::cli
