// -m, and the parts of memory that are not plain: huge pages, nodes of the host, nodes of the guest.
#include <fmt/format.h>

#include <algorithm>

#include <boost/json.hpp>

#include "base/cpu_list.h"
#include "model/encryption.h"
#include "model/validate_memory.h"
#include "model/validate_shares.h"
#include "qemu/argument_list.h"
#include "qmp/device_commands.h"

namespace visor::qemu {
namespace {

std::string memory_value(Bytes size) {
  const std::uint64_t mebibyte = std::uint64_t{1} << 20U;
  if (size.count % mebibyte == 0) return fmt::format("size={}M", size.count / mebibyte);
  return fmt::format("size={}B", size.count);
}

constexpr const char* kRoomBackend = "memory-room";

std::string backend_name(std::uint32_t node) { return fmt::format("memory{}", node); }

/// Keeps the memory of a node of the guest on the nodes of the host that are named for it.
void bind_to_host(const model::Memory& memory, std::uint32_t node, boost::json::object& object) {
  if (node >= memory.host_nodes.size() || memory.host_nodes[node].empty()) return;
  boost::json::array nodes;
  for (const std::uint32_t number : parse_cpu_list(memory.host_nodes[node]).value_or(std::vector<std::uint32_t>())) {
    nodes.push_back(number);
  }
  object["host-nodes"] = std::move(nodes);
  object["policy"] = "bind";
}

/// The object that holds the memory of one node of the guest (qemu qapi/qom.json, MemoryBackendProperties).
boost::json::object backend(const model::MachineSpec& spec, std::uint32_t node) {
  const model::Memory& memory = spec.memory;
  const bool shared = model::has_virtiofs(spec);
  boost::json::object object{{"qom-type", shared || has_huge_pages(memory) ? "memory-backend-memfd" : "memory-backend-ram"},
                             {"id", backend_name(node)},
                             {"size", model::memory_at_start(memory).count / memory.nodes},
                             {"merge", memory.merge && !shared && !model::is_encrypted(memory)}};
  // The server of a virtiofs folder reads and writes the guest's memory itself.
  if (shared || has_huge_pages(memory)) object["share"] = shared;
  if (has_huge_pages(memory)) {
    object["hugetlb"] = true;
    object["hugetlbsize"] = model::page_bytes(memory.page_size).count;
    // A page that is missing would otherwise end QEMU when the guest first writes there.
    object["prealloc"] = true;
  }
  bind_to_host(memory, node, object);
  return object;
}

/// Room for memory that is added while the guest runs (virtio-mem; its memory is taken from the host when the guest takes it).
void add_room(const model::MachineSpec& spec, ArgumentList& list) {
  const model::Memory& memory = spec.memory;
  const bool shared = model::has_virtiofs(spec);
  const Bytes room = model::addable_memory(memory);
  if (room.count == 0) return;
  boost::json::object object{{"qom-type", shared ? "memory-backend-memfd" : "memory-backend-ram"},
                             {"id", kRoomBackend},
                             {"size", room.count},
                             {"merge", memory.merge && !shared},
                             {"reserve", false}};
  if (shared) object["share"] = true;
  bind_to_host(memory, 0, object);
  list.add_json("-object", object, "spec.memory.maximum");
  list.add_json("-device", {{"driver", "virtio-mem-pci"}, {"id", qmp::kAddedMemory}, {"memdev", kRoomBackend}},
                "spec.memory.maximum");
}

std::string setting_of_backend(const model::MachineSpec& spec) {
  const model::Memory& memory = spec.memory;
  if (has_huge_pages(memory)) return "spec.memory.pageSize";
  const auto served = std::find_if(spec.shares.begin(), spec.shares.end(), model::is_virtiofs);
  if (served != spec.shares.end()) return fmt::format("spec.shares[{}].driver", served - spec.shares.begin());
  return memory.host_nodes.empty() ? "spec.memory.nodes" : "spec.memory.hostNodes";
}

}  // namespace

bool has_huge_pages(const model::Memory& memory) { return memory.page_size != "4KiB"; }

std::string memory_backend(const model::MachineSpec& spec) {
  const model::Memory& memory = spec.memory;
  const bool bound =
      std::any_of(memory.host_nodes.begin(), memory.host_nodes.end(), [](const auto& list) { return !list.empty(); });
  return memory.nodes == 1 && (bound || has_huge_pages(memory) || model::has_virtiofs(spec)) ? backend_name(0) : "";
}

void add_memory(const ArgumentInput& input, ArgumentList& list) {
  const model::Memory& memory = input.spec().memory;
  const Bytes room = model::addable_memory(memory);
  std::string size = memory_value(model::memory_at_start(memory));
  if (room.count > 0) size += fmt::format(",maxmem={}M", memory.maximum.count >> 20U);
  list.add("-m", size, "spec.memory.size", {"spec.memory.maximum", "spec.memory.dynamic.enabled", "spec.memory.dynamic.maximum"});
  if (memory.locked) list.add("-overcommit", "mem-lock=on", "spec.memory.locked");
  if (memory.nodes > 1) {
    const std::vector<std::string> processors = model::processors_of_nodes(input.spec());
    for (std::uint32_t node = 0; node < memory.nodes; ++node) {
      list.add_json("-object", backend(input.spec(), node), setting_of_backend(input.spec()));
      list.add("-numa", fmt::format("node,nodeid={},cpus={},memdev={}", node, processors[node], backend_name(node)),
               "spec.memory.nodes");
    }
  } else if (!memory_backend(input.spec()).empty()) {
    list.add_json("-object", backend(input.spec(), 0), setting_of_backend(input.spec()));
  }
  add_room(input.spec(), list);
}

}  // namespace visor::qemu
