#include "qemu/boot_order.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "qemu/arguments.h"
#include "qmp/commands.h"

namespace visor::qemu {
namespace {

/// One device that gets another place.
struct Move {
  std::string device;  ///< its id in QEMU
  std::int32_t* place = nullptr;
  std::int32_t from = -1;
  std::int32_t to = -1;
};

template <typename Device>
const Device* same_device(const std::vector<Device>& list, const std::string& id) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Device& device) { return device.id == id; });
  return found == list.end() ? nullptr : &*found;
}

/// An adapter outside of the order is started without the program that boots from the network.
bool adapter_waits(const model::Nic& now, const model::Nic& wanted) { return now.boot_index < 0 && wanted.boot_index >= 0; }

std::vector<Move> moves(model::MachineSpec& now, const model::MachineSpec& wanted) {
  std::vector<Move> list;
  if (!now.boot.kernel.empty()) return list;
  for (model::Disk& disk : now.disks) {
    const model::Disk* other = same_device(wanted.disks, disk.id);
    if (other == nullptr || other->boot_index == disk.boot_index) continue;
    list.push_back({disk_device_id(disk.id), &disk.boot_index, disk.boot_index, other->boot_index});
  }
  for (model::Nic& nic : now.nics) {
    const model::Nic* other = same_device(wanted.nics, nic.id);
    if (other == nullptr || other->boot_index == nic.boot_index || adapter_waits(nic, *other)) continue;
    list.push_back({nic_device_id(nic.id), &nic.boot_index, nic.boot_index, other->boot_index});
  }
  return list;
}

Awaitable<> put(qmp::Client& client, const Move& move, std::int32_t place) {
  co_await qmp::qom_set(client, "/machine/peripheral/" + move.device, "bootindex", place);
  *move.place = place;
}

/// No two devices may have one place, also not for a moment: first all leave theirs.
Awaitable<> put_all(qmp::Client& client, const std::vector<Move>& list, std::int32_t Move::*place) {
  for (const Move& move : list) co_await put(client, move, -1);
  for (const Move& move : list) {
    if (move.*place >= 0) co_await put(client, move, move.*place);
  }
}

}  // namespace

std::optional<std::string> why_boot_order_waits(const model::MachineSpec& now, const model::MachineSpec& wanted, bool nics) {
  if (!now.boot.kernel.empty()) return "The machine was started with a kernel of its own; it applies at the next start.";
  const bool waits = nics && std::any_of(now.nics.begin(), now.nics.end(), [&](const model::Nic& nic) {
                       const model::Nic* other = same_device(wanted.nics, nic.id);
                       return other != nullptr && adapter_waits(nic, *other);
                     });
  if (!waits) return std::nullopt;
  return "The adapter was started without its program for network boot; it applies at the next start.";
}

bool has_boot_order(const model::MachineSpec& now, const model::MachineSpec& wanted) {
  model::MachineSpec copy = now;
  return moves(copy, wanted).empty();
}

Awaitable<> change_boot_order(qmp::Client& client, model::MachineSpec& now, const model::MachineSpec& wanted) {
  const std::vector<Move> list = moves(now, wanted);
  std::exception_ptr failure;
  try {
    co_await put_all(client, list, &Move::to);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await put_all(client, list, &Move::from);
  std::rethrow_exception(failure);
}

}  // namespace visor::qemu
