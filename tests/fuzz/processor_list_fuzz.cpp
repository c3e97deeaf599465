// What sysfs and procfs say of processors comes from firmware and, in a container, from whoever mounted them: whatever the bytes,
// the lists are of bounded length and nothing is read beyond the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/cpu_list.h"
#include "host/topology_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (visor::parse_cpu_list(text).value_or(std::vector<std::uint32_t>()).size() > 8192) std::abort();
  for (const auto& [processor, times] : visor::host::parse_processor_times(text)) {
    if (processor >= 8192) std::abort();
  }
  visor::host::parse_cache_size(text);
  visor::host::parse_node_memory(text, "MemTotal");
  return 0;
}
