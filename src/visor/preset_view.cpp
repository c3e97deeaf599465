#include "visor/preset_view.h"

#include <boost/json.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

#include "visor/emit.h"
#include "visor/units.h"

namespace visor::cli {
namespace {

std::string value_text(const model::PresetChoice& choice) {
  const bool size = choice.setting == "diskSize" || choice.setting == "memory.size";
  if (size && choice.value.is_number()) return format_size(choice.value.to_number<std::uint64_t>());
  return plain(choice.value);
}

}  // namespace

void add_preset(const std::vector<model::PresetChoice>& preset, Details& details) {
  std::string label = "Preset";
  for (const model::PresetChoice& choice : preset) {
    details.add(std::exchange(label, ""), fmt::format("{}={}: {}", choice.setting, value_text(choice), choice.reason));
  }
}

}  // namespace visor::cli
