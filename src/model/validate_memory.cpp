#include "model/validate_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cpu_list.h"
#include "base/text.h"
#include "model/validate_processors.h"

namespace visor::model {
namespace {

constexpr std::uint64_t kMebibyte = (1_MiB).count;

void check_dynamic(const Memory& memory, const std::string& path, Validation& validation) {
  const DynamicMemory& dynamic = memory.dynamic;
  for (const auto& [bytes, name] : {std::pair{dynamic.minimum, ".minimum"}, std::pair{dynamic.maximum, ".maximum"}}) {
    if (bytes.count % kMebibyte != 0)
      validation.refuse(path + name, "multiple", "The memory size must be a whole number of MiB.");
  }
  const MemoryBounds bounds = memory_bounds(memory);
  if (bounds.minimum > memory.size) {
    validation.refuse(path + ".minimum", "combination",
                      fmt::format("The least memory ({}) must not be more than the machine starts with ({}).",
                                  format_bytes(bounds.minimum), format_bytes(memory.size)));
  }
  if (bounds.maximum < memory.size) {
    validation.refuse(path + ".maximum", "combination",
                      fmt::format("The most memory ({}) must not be less than the machine starts with ({}).",
                                  format_bytes(bounds.maximum), format_bytes(memory.size)));
  }
}

/// Memory that can be added has blocks of 2 MiB, and is in the first node, of ordinary pages.
void check_maximum(const Memory& memory, const std::string& path, Validation& validation) {
  if (memory.maximum.count == 0) return;
  const auto refuse = [&](const std::string& name, const char* why) { validation.refuse(path + name, "combination", why); };
  if (memory.maximum < memory.size) {
    refuse(".maximum", "The most memory must not be less than the machine has.");
  }
  for (const auto& [bytes, name] : {std::pair{memory.size, ".size"}, std::pair{memory.maximum, ".maximum"}}) {
    if (bytes.count % (2 * kMebibyte) == 0) continue;
    validation.refuse(path + name, "multiple", "Memory that can be added needs sizes of whole 2 MiB.");
  }
  if (memory.dynamic.enabled) refuse(".maximum", "Dynamic memory has bounds of its own: set memory.dynamic.maximum instead.");
  if (memory.page_size != "4KiB") refuse(".maximum", "Memory cannot be added in huge pages: set memory.pageSize=4KiB.");
  if (memory.locked) refuse(".maximum", "Locked memory is all taken at the start: set memory.locked=false.");
  if (memory.nodes > 1) refuse(".maximum", "Memory cannot be added to a machine of several memory nodes: set memory.nodes=1.");
}

void check_nodes(const MachineSpec& spec, const std::string& path, Validation& validation) {
  const Memory& memory = spec.memory;
  const std::uint64_t share = memory_at_start(memory).count / std::max(memory.nodes, 1U);
  const std::uint64_t page = std::max(page_bytes(memory.page_size).count, kMebibyte);
  if (memory.nodes > 1 && most_processors(spec.cpu) < memory.nodes) {
    validation.refuse(path + ".nodes", "combination",
                      fmt::format("{} memory nodes need at least as many processors.", memory.nodes));
  }
  if (share % page != 0 || share * memory.nodes != memory_at_start(memory).count) {
    validation.refuse(
        path + ".size", "multiple",
        fmt::format("The memory of each of its {} nodes must be a whole number of {}.", memory.nodes, format_bytes({page})));
  }
  if (!memory.host_nodes.empty() && memory.host_nodes.size() != memory.nodes) {
    validation.refuse(path + ".hostNodes", "combination",
                      fmt::format("Nodes of the host are named for {} of {} memory nodes; name them for each.",
                                  memory.host_nodes.size(), memory.nodes));
  }
  for (std::size_t i = 0; i < memory.host_nodes.size(); ++i) {
    const std::string& list = memory.host_nodes[i];
    if (list.size() <= 256 && parse_cpu_list(list)) continue;
    validation.refuse(fmt::format("{}.hostNodes[{}]", path, i), "format",
                      fmt::format("'{}' is no list of nodes such as 0 or 0-1.", text::printable(list.substr(0, 80))));
  }
}

}  // namespace

MemoryBounds memory_bounds(const Memory& memory) {
  const std::uint64_t half = memory.size.count / 2 / kMebibyte * kMebibyte;
  return {memory.dynamic.minimum.count == 0 ? Bytes{half} : memory.dynamic.minimum,
          memory.dynamic.maximum.count == 0 ? memory.size : memory.dynamic.maximum};
}

Bytes memory_at_start(const Memory& memory) { return memory.dynamic.enabled ? memory_bounds(memory).maximum : memory.size; }

Bytes addable_memory(const Memory& memory) {
  const Bytes start = memory_at_start(memory);
  return memory.dynamic.enabled || memory.maximum < start ? Bytes() : memory.maximum - start;
}

Bytes page_bytes(const std::string& page_size) {
  if (page_size == "1GiB") return 1_GiB;
  if (page_size == "2MiB") return 2_MiB;
  return {4096};
}

std::vector<std::string> processors_of_nodes(const MachineSpec& spec) {
  const std::uint32_t count = most_processors(spec.cpu);
  std::vector<std::string> lists;
  for (std::uint32_t node = 0; node < spec.memory.nodes; ++node) {
    std::vector<std::uint32_t> processors;
    // As 64-bit products, so that the last node ends where the processors do.
    const auto begin = static_cast<std::uint32_t>(std::uint64_t{count} * node / spec.memory.nodes);
    const auto end = static_cast<std::uint32_t>(std::uint64_t{count} * (node + 1) / spec.memory.nodes);
    for (std::uint32_t i = begin; i < end; ++i) processors.push_back(i);
    lists.push_back(to_cpu_list(processors));
  }
  return lists;
}

void check_memory(const MachineSpec& spec, const std::string& path, Validation& validation) {
  const Memory& memory = spec.memory;
  if (memory.size.count % kMebibyte != 0) {
    validation.refuse(path + ".size", "multiple", "The memory size must be a whole number of MiB.");
  }
  check_dynamic(memory, path + ".dynamic", validation);
  check_maximum(memory, path, validation);
  check_nodes(spec, path, validation);
  if (memory.dynamic.enabled && memory.page_size != "4KiB") {
    validation.refuse(path + ".pageSize", "combination",
                      "Huge pages cannot be given back one by one: dynamic memory needs pages of 4 KiB.");
  }
  if (memory.dynamic.enabled && memory.locked) {
    validation.refuse(path + ".locked", "combination", "Locked memory is all taken at the start: it cannot be dynamic.");
  }
}

}  // namespace visor::model
