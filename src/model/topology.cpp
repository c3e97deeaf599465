#include "model/topology.h"

#include <set>

#include "base/cpu_list.h"

namespace visor::model {

std::vector<std::uint32_t> pinned_processors(const Pinning& pinning) {
  std::set<std::uint32_t> named;
  const auto add = [&](const std::string& list) {
    for (const std::uint32_t processor : parse_cpu_list(list).value_or(std::vector<std::uint32_t>())) named.insert(processor);
  };
  for (const std::string& list : pinning.vcpus) add(list);
  add(pinning.emulator);
  add(pinning.io);
  return {named.begin(), named.end()};
}

}  // namespace visor::model
