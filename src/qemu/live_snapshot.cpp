// Snapshots of a machine that runs: its disks get new layers while the guest stands still.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "os/file.h"
#include "qemu/argument_list.h"
#include "qemu/arguments.h"
#include "qemu/disk_devices.h"
#include "qemu/disk_files.h"
#include "qemu/machine_state.h"
#include "qmp/block_commands.h"

namespace visor::qemu {
namespace {

using hypervisor::NewLayer;

/// An agent that is there answers at once; a guest that has none must not be waited for.
constexpr std::chrono::milliseconds kAgentPing{1500};
/// All of a guest's dirty memory may have to be written.
constexpr std::chrono::seconds kFreezeLimit{20};
constexpr std::chrono::seconds kThawLimit{10};
constexpr int kThawTurns = 3;

std::string file_node_of(const NewLayer& layer) { return layer.node + "-file"; }

/// The node that holds a disk's data now: below what only counts or limits.
std::string top_node(const std::vector<qmp::BlockDevice>& devices, const NewLayer& layer) {
  const std::string id = disk_device_id(layer.disk_id);
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const auto& device) { return device.is(id); });
  if (found != devices.end() && (found->driver == "qcow2" || found->driver == "raw")) return found->node;
  throw Error(ErrorKind::conflict, "machine.snapshot_failed",
              fmt::format("The disk {} is not where it was expected in QEMU.", layer.disk_id),
              "Shut the machine down and make the snapshot then.");
}

/// What the disk is now: its new layer is cached, and may be written, as the others were.
model::Disk running_disk(const MachineState& state, const std::string& disk_id) {
  for (const model::Disk& disk : state.record.spec.disks) {
    if (disk.id == disk_id) return disk;
  }
  return {};
}

/// Opens a layer for QEMU, without anything below it.
Awaitable<> open_layer(const MachineState& state, qmp::Client& client, const NewLayer& layer) {
  const model::Disk disk = running_disk(state, layer.disk_id);
  PlannedFile planned;
  planned.path = layer.file;
  planned.writable = !disk.read_only;
  planned.disk_id = layer.disk_id;
  const os::Fd file = open_planned(planned);
  planned.set = static_cast<int>(co_await qmp::add_fd(client, file, "snapshot"));
  for (boost::json::object& node : layer_nodes(layer.node, planned, model::DiskFormat::qcow2, "", disk)) {
    co_await qmp::blockdev_add(client, std::move(node));
  }
}

/// Of a snapshot that came to nothing. QEMU refuses what is in use.
Awaitable<> close_layers(qmp::Client& client, const std::vector<NewLayer>& layers) {
  for (const NewLayer& layer : layers) {
    for (const std::string& node : {layer.node, file_node_of(layer)}) {
      try {
        co_await qmp::blockdev_del(client, node);
      } catch (const Error& error) {
        log::debug("node {} stays: {}", node, error.what());
      }
    }
  }
}

/// Asks the guest to write everything out and hold on. Whether it does; `asked` once it may.
Awaitable<bool> freeze(MachineState& state, bool& asked) {
  if (!state.record.spec.guest_agent) co_return false;
  try {
    if (!co_await state.agent.ping(kAgentPing)) co_return false;
    asked = true;
    co_await state.agent.freeze(kFreezeLimit);
    co_return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    log::info("the guest of {} does not hold on for its snapshot: {}", state.record.machine_name, error.what());
  }
  co_return false;
}

/// Never fails; not to be cancelled.
Awaitable<> thaw(MachineState& state) {
  for (int turn = 1; turn <= kThawTurns; ++turn) {
    try {
      co_return co_await state.agent.thaw(kThawLimit);
    } catch (const Error& error) {
      log::warning("the guest of {} was not let go (try {}): {}", state.record.machine_name, turn, error.what());
    }
  }
}

/// What a later daemon, and whoever looks, must know: the machine writes to these now.
void note_layers(MachineState& state, const std::vector<NewLayer>& layers) {
  for (const NewLayer& layer : layers) {
    for (model::Disk& disk : state.record.spec.disks) {
      if (disk.id != layer.disk_id) continue;
      disk.volume = layer.volume;
      disk.format = model::DiskFormat::qcow2;
    }
  }
  write_record(state.runtime_directory, state.record);
}

/// The moment itself.
struct Moment {
  bool running = false;  ///< before it
  bool asked = false;    ///< the guest to hold on
  bool quiet = false;
  std::vector<qmp::NodeSwitch> switches = {};
};

Awaitable<> hold_and_switch(std::shared_ptr<MachineState> state, hypervisor::LiveSnapshot& wanted, Moment& moment,
                            std::function<Awaitable<>()>& meanwhile, std::function<void(double)>& on_progress) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const std::vector<qmp::BlockDevice> devices = co_await qmp::query_block(*client);
  for (const NewLayer& layer : wanted.layers) {
    moment.switches.push_back({top_node(devices, layer), layer.node});
    co_await open_layer(*state, *client, layer);
  }
  if (wanted.memory) {
    co_await write_state_file(state, *wanted.memory, on_progress);
  } else if (moment.running) {
    moment.quiet = co_await freeze(*state, moment.asked);
  }
  co_await meanwhile();
  if (!moment.switches.empty()) co_await qmp::put_overlays(*client, moment.switches);
  note_layers(*state, wanted.layers);
}

}  // namespace

Awaitable<bool> take_snapshot(std::shared_ptr<MachineState> state, hypervisor::LiveSnapshot wanted,
                              std::function<Awaitable<>()> meanwhile, std::function<void(double)> on_progress) {
  const bool with_memory = wanted.memory.has_value();
  if (with_memory) require_savable(*state);
  const std::shared_ptr<qmp::Client> client = state->monitor();
  Moment moment{.running = (co_await qmp::query_status(*client)).running};
  std::exception_ptr failure;
  state->saving = with_memory;
  try {
    co_await hold_and_switch(state, wanted, moment, meanwhile, on_progress);
  } catch (...) {  // also a cancelled wait; thrown on below
    failure = std::current_exception();
  }
  // Nothing may keep the guest from going on.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  if (moment.asked) co_await thaw(*state);
  if (with_memory) co_await go_on(state, moment.running);
  state->saving = false;
  if (failure && !state->exited) co_await close_layers(*client, wanted.layers);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  if (failure) std::rethrow_exception(failure);
  co_return moment.quiet;
}

Awaitable<bool> settle_snapshot(std::shared_ptr<MachineState> state, std::vector<NewLayer> layers) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  if (state->record.spec.guest_agent && co_await state->agent.ping(kAgentPing)) co_await thaw(*state);
  const std::vector<qmp::BlockDevice> devices = co_await qmp::query_block(*client);
  const bool switched = std::any_of(layers.begin(), layers.end(), [&](const NewLayer& layer) {
    return std::any_of(devices.begin(), devices.end(), [&](const auto& device) { return device.node == layer.node; });
  });
  if (switched) {
    note_layers(*state, layers);
  } else {
    co_await close_layers(*client, layers);
  }
  co_return switched;
}

}  // namespace visor::qemu
