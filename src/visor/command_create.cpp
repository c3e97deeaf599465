#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "visor/assignment.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/create_request.h"
#include "visor/emit.h"
#include "visor/machine_view.h"
#include "visor/preset_view.h"

namespace visor::cli {
namespace {

boost::json::object& spec_of(model::CreateRequest& request) {
  if (!request.spec) request.spec.emplace();
  return *request.spec;
}

Awaitable<> apply_settings(Context& context, const Arguments& arguments, model::CreateRequest& request) {
  const std::vector<std::string> given = arguments.all("set");
  if (given.empty()) co_return;
  const std::vector<model::Setting> settings = co_await context.api().settings();
  boost::json::object machine = {{"spec", spec_of(request)}};
  assign(machine, given, settings);
  if (machine.contains("description")) request.description = plain(machine.at("description"));
  if (machine.contains("group")) request.group = plain(machine.at("group"));
  if (machine.contains("tags")) request.tags = json::from_json<std::vector<std::string>>(machine.at("tags"), "usage");
  request.spec = machine.at("spec").as_object();
}

/// Adds --forward to the adapters that the machine would get anyway: the daemon's own forward (SSH) stays.
Awaitable<> apply_forwards(Context& context, const Arguments& arguments, model::CreateRequest& request) {
  std::vector<model::PortForward> forwards;
  for (const std::string& text : arguments.all("forward")) forwards.push_back(parse_forward(text));
  if (forwards.empty()) co_return;
  const model::MachinePreview preview = co_await context.api().preview_create(request);
  std::vector<model::Nic> nics = preview.machine.spec.nics;
  if (nics.empty()) {
    nics.emplace_back();
    nics.front().id = "nic0";
  }
  nics.front().forwards.insert(nics.front().forwards.end(), forwards.begin(), forwards.end());
  spec_of(request)["nics"] = json::to_json(nics);
}

/// The system must be one that has a preset: a misspelt one would go by unseen.
Awaitable<> apply_system(Context& context, const Arguments& arguments, model::CreateRequest& request) {
  if (!arguments.has("os")) co_return;
  const std::string id = arguments.get("os");
  co_await context.api().operating_system(id);
  spec_of(request)["os"] = {{"id", id}};
}

Awaitable<int> make(Context& context, model::CreateRequest request, std::string done) {
  if (context.globals.dry_run) {
    const model::MachinePreview preview = co_await context.api().preview_create(std::move(request));
    Details details = machine_details(preview.machine, std::chrono::system_clock::now());
    add_preset(preview.preset, details);
    context.out.show(json::to_json(preview.machine), details);
    co_return kExitOk;
  }
  if (context.globals.timeout) request.timeout_seconds = static_cast<std::uint32_t>(context.globals.timeout->count());
  Finish finish = {.done = std::move(done), .limit = context.globals.timeout};
  if (request.start) finish.limit = after_daemon(context, request.timeout_seconds);
  model::Task task = co_await context.api().create(std::move(request));
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

Awaitable<int> create(Context& context, const Arguments& arguments) {
  model::CreateRequest request = make_request(arguments);
  request.start = arguments.has("start");
  if (context.globals.wait == "ready" && !request.start) throw usage_error("--wait=ready needs --start.", "create");
  if (context.globals.wait == "ready") request.wait = "ready";
  co_await apply_system(context, arguments, request);
  co_await apply_settings(context, arguments, request);
  co_await apply_forwards(context, arguments, request);
  const std::string done = request.start
                               ? fmt::format("{} is created and {}.", request.name, request.wait == "ready" ? "ready" : "runs")
                               : fmt::format("{0} is created; `visor start {0}` starts it.", request.name);
  co_return co_await make(context, std::move(request), done);
}

/// The first of "debian-12", "debian-12-2", "debian-12-3"... that no machine has.
Awaitable<std::string> free_name(Context& context, std::string base) {
  const std::vector<model::Machine> machines = co_await context.api().machines();
  const auto taken = [&](const std::string& name) {
    return std::any_of(machines.begin(), machines.end(), [&](const model::Machine& machine) { return machine.name == name; });
  };
  std::string name = base;
  for (std::size_t number = 2; taken(name); ++number) name = fmt::format("{}-{}", base, number);
  co_return name;
}

Awaitable<int> launch(Context& context, const Arguments& arguments) {
  model::CreateRequest request = make_request(arguments);
  request.image = arguments.get("IMAGE");
  if (request.name.empty()) request.name = co_await free_name(context, name_from_image(request.image));
  request.start = true;
  request.wait = context.globals.wait.empty() ? "ready" : context.globals.wait;
  co_await apply_settings(context, arguments, request);
  co_await apply_forwards(context, arguments, request);
  const std::string done = fmt::format("{0} {1}. Enter it with `visor shell {0}` or `visor console {0}`.", request.name,
                                       request.wait == "ready" ? "is ready" : "runs");
  co_return co_await make(context, std::move(request), done);
}

std::vector<OptionSpec> shape_options() {
  return {
      {.names = "--disk",
       .value = "SIZE",
       .help = "Size of the first disk, like 20GiB (with an image: at least the image's size)."},
      {.names = "--cpus", .value = "N", .help = "Virtual processors."},
      {.names = "--memory", .value = "SIZE", .help = "Memory, like 512MiB or 4GiB."},
      {.names = "--forward",
       .value = "FORWARD",
       .help = "Lead a port of this host into the guest: 8080:80 or tcp:127.0.0.1:8080:80.",
       .repeats = true},
      {.names = "--user", .value = "USER", .help = "The user that is made in the guest (default: visor)."},
      {.names = "--ssh-key",
       .value = "FILE",
       .help = "A public key that may log in, besides the machine's own.",
       .completes = Completes::files,
       .repeats = true},
      {.names = "--password-stdin", .help = "Read the user's password for the console from standard input."},
      {.names = "--user-data",
       .value = "FILE",
       .help = "Further cloud-init user data (#cloud-config); - is standard input.",
       .completes = Completes::files},
      {.names = "--description", .value = "TEXT", .help = "A note for people."},
      {.names = "--tag", .value = "TAG", .help = "A tag.", .repeats = true},
      {.names = "--group", .value = "GROUP", .help = "The group it is listed in."},
      {.names = "--set",
       .value = "KEY=VALUE",
       .help = "Any setting, as in `visor set`.",
       .completes = Completes::settings,
       .repeats = true},
  };
}

std::vector<OptionSpec> create_options() {
  std::vector<OptionSpec> options = {
      {.names = "--image", .value = "IMAGE", .help = "Start from this image.", .completes = Completes::images},
      {.names = "--os",
       .value = "ID",
       .help = "Settings that suit this guest system, where nothing else is said; `visor os list` shows them.",
       .completes = Completes::systems},
      {.names = "--iso", .value = "FILE", .help = "Insert this installer image as a CD.", .completes = Completes::files},
      {.names = "--kernel",
       .value = "FILE",
       .help = "Boot this kernel directly, without firmware.",
       .completes = Completes::files},
      {.names = "--initrd", .value = "FILE", .help = "Initial RAM disk for --kernel.", .completes = Completes::files},
      {.names = "--cmdline", .value = "TEXT", .help = "Parameters for --kernel."},
      {.names = "--arch", .value = "ARCH", .help = "Architecture of the guest.", .choices = json::enum_names<model::Arch>()},
      {.names = "--firmware", .value = "KIND", .help = "uefi or bios.", .choices = json::enum_names<model::Firmware>()},
      {.names = "--start", .help = "Also start it (with --wait=ready: and wait until the guest is ready)."},
  };
  const std::vector<OptionSpec> shape = shape_options();
  options.insert(options.end(), shape.begin(), shape.end());
  return options;
}

}  // namespace

std::vector<Command> create_commands() {
  return {
      {.name = "launch",
       .group = "Machines",
       .summary = "Make a machine from an image, start it and wait until it is ready.",
       .description = "Without NAME it is named after the image. --timeout (default 10m) limits the wait for the guest.",
       .positionals = {{"IMAGE", "The image to start from; `visor image list` shows them.", Completes::images},
                       {"NAME", "The machine's name: 1-63 of a-z 0-9 -.", Completes::nothing, false}},
       .options = shape_options(),
       .examples = {{"visor launch debian/12 hello", "a Debian that is ready to be used"},
                    {"visor launch debian/12 web --cpus 4 --memory 4GiB --forward 8080:80", "with a web server's port"},
                    {"visor launch debian/12 --no-wait", "return at once; the work goes on as a task"}},
       .dry_run = true,
       .run = launch},
      {.name = "create",
       .group = "Machines",
       .summary = "Make a machine: from an image, for an installer, or with a kernel of its own.",
       .positionals = {{"NAME", "The machine's name: 1-63 of a-z 0-9 -.", Completes::nothing}},
       .options = create_options(),
       .examples = {{"visor create web --image debian/12 --disk 20GiB --start --wait=ready", "from an image"},
                    {"visor create win --os win11 --iso ~/win11.iso --memory 8GiB", "an installer, and what suits the system"},
                    {"visor create old --os winxp --dry-run", "what a system's preset would choose, and why"},
                    {"visor create tiny --kernel vmlinuz --initrd initrd.img --cmdline console=ttyS0 --memory 256MiB",
                     "direct kernel boot"}},
       .dry_run = true,
       .run = create},
  };
}

}  // namespace visor::cli
