// `visor boot-order`: what a machine starts from, and in which order.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "visor/change.h"
#include "visor/commands.h"
#include "visor/context.h"

namespace visor::cli {
namespace {

struct BootDevice {
  std::string id;
  std::string kind;  ///< disk, cdrom, network
  std::int32_t place = -1;
};
BOOST_DESCRIBE_STRUCT(BootDevice, (), (id, kind, place))

/// All that a machine could start from: those in the order first, as they come.
std::vector<BootDevice> boot_devices(const model::MachineSpec& spec) {
  std::vector<BootDevice> devices;
  devices.reserve(spec.disks.size() + spec.nics.size());
  for (const model::Disk& disk : spec.disks) devices.push_back({disk.id, json::enum_name(disk.device), disk.boot_index});
  for (const model::Nic& nic : spec.nics) devices.push_back({nic.id, "network", nic.boot_index});
  std::stable_sort(devices.begin(), devices.end(), [](const BootDevice& a, const BootDevice& b) {
    if ((a.place < 0) != (b.place < 0)) return b.place < 0;
    return a.place >= 0 && a.place < b.place;
  });
  return devices;
}

std::int32_t place_of(const std::vector<std::string>& order, const std::string& id) {
  const auto found = std::find(order.begin(), order.end(), id);
  return found == order.end() ? -1 : static_cast<std::int32_t>(found - order.begin());
}

void require_devices(const std::vector<std::string>& order, const model::Machine& machine) {
  const std::vector<BootDevice> devices = boot_devices(machine.spec);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool known =
        std::any_of(devices.begin(), devices.end(), [&](const BootDevice& device) { return device.id == order[i]; });
    if (!known) {
      throw Error(ErrorKind::not_found, "machine.no_such_device",
                  fmt::format("The machine '{}' has no disk or network adapter '{}'.", machine.name, text::printable(order[i])),
                  fmt::format("`visor boot-order {}` lists them.", machine.name));
    }
    if (std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i), order[i]) !=
        order.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw Error(ErrorKind::invalid, "machine.device_twice", fmt::format("'{}' is named twice.", text::printable(order[i])));
    }
  }
}

boost::json::object order_patch(model::MachineSpec spec, const std::vector<std::string>& order) {
  for (model::Disk& disk : spec.disks) disk.boot_index = place_of(order, disk.id);
  for (model::Nic& nic : spec.nics) nic.boot_index = place_of(order, nic.id);
  return {{"spec", boost::json::object{{"disks", json::to_json(spec.disks)}, {"nics", json::to_json(spec.nics)}}}};
}

Awaitable<int> run_boot_order(Context& context, const Arguments& arguments) {
  const model::Machine machine = co_await context.api().machine(arguments.get("NAME"));
  const std::vector<std::string> order = arguments.all("DEVICE");
  if (!order.empty() || arguments.has("none")) {
    require_devices(order, machine);
    co_return co_await send_change(context, machine, order_patch(machine.spec, order));
  }
  const std::vector<BootDevice> devices = boot_devices(machine.spec);
  Table table{{{"PLACE", Align::right}, {"DEVICE"}, {"KIND"}}, {}};
  int place = 0;
  for (const BootDevice& device : devices) {
    table.rows.push_back({device.place < 0 ? "-" : std::to_string(++place), device.id, device.kind});
  }
  context.out.show(json::to_json(devices), table);
  co_return kExitOk;
}

}  // namespace

std::vector<Command> boot_commands() {
  return {
      {.name = "boot-order",
       .group = "Machines",
       .summary = "Show what a machine starts from, or say in which order it tries its disks and network adapters.",
       .description =
           "Devices that are not named are not started from. A running machine takes it at once: the guest's next restart "
           "follows it. A network adapter that did not start with the machine in the order waits for the next start.",
       .positionals = {{"NAME", "The machine.", Completes::machines},
                       {"DEVICE", "Disks and network adapters, the first one first.", Completes::nothing, false, true}},
       .options = {{.names = "--none", .help = "Start from nothing: the firmware decides."}},
       .examples = {{"visor boot-order hello", "what it starts from"},
                    {"visor boot-order hello cdrom root", "the CD first, then the disk"},
                    {"visor boot-order hello nic0", "from the network only"}},
       .dry_run = true,
       .run = run_boot_order},
  };
}

}  // namespace visor::cli
