// -m, and the parts of memory that are not plain: huge pages, nodes of the host, nodes of the guest.
#include <fmt/format.h>

#include <algorithm>

#include <boost/json.hpp>

#include "base/cpu_list.h"
#include "model/validate_memory.h"
#include "qemu/argument_list.h"

namespace visor::qemu {
namespace {

std::string memory_value(Bytes size) {
  const std::uint64_t mebibyte = std::uint64_t{1} << 20U;
  if (size.count % mebibyte == 0) return fmt::format("size={}M", size.count / mebibyte);
  return fmt::format("size={}B", size.count);
}

std::string backend_name(std::uint32_t node) { return fmt::format("memory{}", node); }

/// The object that holds the memory of one node of the guest (qemu qapi/qom.json, MemoryBackendProperties).
boost::json::object backend(const model::Memory& memory, std::uint32_t node) {
  boost::json::object object{{"qom-type", has_huge_pages(memory) ? "memory-backend-memfd" : "memory-backend-ram"},
                             {"id", backend_name(node)},
                             {"size", model::memory_at_start(memory).count / memory.nodes},
                             {"merge", memory.merge}};
  if (has_huge_pages(memory)) {
    object["share"] = false;
    object["hugetlb"] = true;
    object["hugetlbsize"] = model::page_bytes(memory.page_size).count;
    // A page that is missing would otherwise end QEMU when the guest first writes there.
    object["prealloc"] = true;
  }
  if (node >= memory.host_nodes.size() || memory.host_nodes[node].empty()) return object;
  boost::json::array nodes;
  for (const std::uint32_t number : parse_cpu_list(memory.host_nodes[node]).value_or(std::vector<std::uint32_t>())) {
    nodes.push_back(number);
  }
  object["host-nodes"] = std::move(nodes);
  object["policy"] = "bind";
  return object;
}

std::string setting_of_backend(const model::Memory& memory) {
  if (has_huge_pages(memory)) return "spec.memory.pageSize";
  return memory.host_nodes.empty() ? "spec.memory.nodes" : "spec.memory.hostNodes";
}

}  // namespace

bool has_huge_pages(const model::Memory& memory) { return memory.page_size != "4KiB"; }

std::string memory_backend(const model::Memory& memory) {
  const bool bound =
      std::any_of(memory.host_nodes.begin(), memory.host_nodes.end(), [](const auto& list) { return !list.empty(); });
  return memory.nodes == 1 && (bound || has_huge_pages(memory)) ? backend_name(0) : "";
}

void add_memory(const ArgumentInput& input, ArgumentList& list) {
  const model::Memory& memory = input.spec().memory;
  list.add("-m", memory_value(model::memory_at_start(memory)), "spec.memory.size",
           {"spec.memory.dynamic.enabled", "spec.memory.dynamic.maximum"});
  if (memory.locked) list.add("-overcommit", "mem-lock=on", "spec.memory.locked");
  if (memory.nodes > 1) {
    const std::vector<std::string> processors = model::processors_of_nodes(input.spec());
    for (std::uint32_t node = 0; node < memory.nodes; ++node) {
      list.add_json("-object", backend(memory, node), setting_of_backend(memory));
      list.add("-numa", fmt::format("node,nodeid={},cpus={},memdev={}", node, processors[node], backend_name(node)),
               "spec.memory.nodes");
    }
  } else if (!memory_backend(memory).empty()) {
    list.add_json("-object", backend(memory, 0), setting_of_backend(memory));
  }
}

}  // namespace visor::qemu
