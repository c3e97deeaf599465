#include "engine/preset.h"

#include <boost/json.hpp>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "model/setting_value.h"

namespace visor::engine {
namespace {

constexpr const char* kDiskSize = "diskSize";
constexpr const char* kDiskBus = "disks[].bus";
constexpr const char* kNicModel = "nics[].model";

const boost::json::value* value_of(const std::vector<model::PresetChoice>& preset, std::string_view setting) {
  const auto found =
      std::find_if(preset.begin(), preset.end(), [&](const model::PresetChoice& choice) { return choice.setting == setting; });
  return found == preset.end() ? nullptr : &found->value;
}

/// The value at a dotted path of a request's spec, or nothing.
const boost::json::value* find_value(const boost::json::object& spec, const std::string& key) {
  const boost::json::object* at = &spec;
  const std::vector<std::string> parts = text::split(key, '.');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const boost::json::value* value = at->if_contains(parts[i]);
    if (value == nullptr || i + 1 == parts.size()) return value;
    at = value->if_object();
    if (at == nullptr) return nullptr;
  }
  return nullptr;
}

std::string asked_text(const model::CreateRequest& request, const std::string& key) {
  const boost::json::value* value = request.spec ? find_value(*request.spec, key) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool is_in_effect(const model::PresetChoice& choice, const model::MachineSpec& spec, const boost::json::value& values) {
  if (choice.setting == kDiskSize) {
    return !spec.disks.empty() && json::to_json(spec.disks.front().size) == choice.value;
  }
  if (choice.setting == kDiskBus) {
    return std::any_of(spec.disks.begin(), spec.disks.end(),
                       [&](const model::Disk& disk) { return json::to_json(disk.bus) == choice.value; });
  }
  if (choice.setting == kNicModel) {
    return std::any_of(spec.nics.begin(), spec.nics.end(),
                       [&](const model::Nic& nic) { return json::to_json(nic.model) == choice.value; });
  }
  return model::setting_value(values, choice.setting) == choice.value;
}

}  // namespace

std::string asked_system(const model::CreateRequest& request) { return asked_text(request, "os.id"); }

model::Arch asked_arch(const model::CreateRequest& request) {
  return json::enum_from_name<model::Arch>(asked_text(request, "arch")).value_or(model::Arch::x86_64);
}

void apply_preset(const std::vector<model::PresetChoice>& preset, boost::json::value& spec) {
  for (const model::PresetChoice& choice : preset) {
    if (choice.setting == kDiskSize || choice.setting == kDiskBus) continue;
    if (choice.setting == kNicModel) {
      for (boost::json::value& nic : spec.at("nics").as_array()) nic.as_object()["model"] = choice.value;
      continue;
    }
    boost::json::value* at = &spec;
    for (const std::string& part : text::split(choice.setting, '.')) at = &at->as_object()[part];
    *at = choice.value;
  }
}

void apply_to_disks(const std::vector<model::PresetChoice>& preset, std::vector<model::Disk>& disks) {
  const boost::json::value* bus = value_of(preset, kDiskBus);
  if (bus == nullptr) return;
  const auto wanted = json::enum_from_name<model::DiskBus>(std::string_view(bus->as_string()));
  for (model::Disk& disk : disks) {
    if (disk.device == model::DiskDevice::disk && disk.bus == model::DiskBus::auto_) disk.bus = wanted.value_or(disk.bus);
  }
}

std::optional<Bytes> preset_disk_size(const std::vector<model::PresetChoice>& preset, const model::CreateRequest& request) {
  const boost::json::value* size = value_of(preset, kDiskSize);
  const bool has_disk = !request.image.empty() || request.disk_size || (request.spec && request.spec->contains("disks"));
  if (size == nullptr || has_disk || !asked_text(request, "boot.kernel").empty()) return std::nullopt;
  return Bytes{size->to_number<std::uint64_t>()};
}

std::vector<model::PresetChoice> effective_choices(const std::vector<model::PresetChoice>& preset,
                                                   const model::MachineSpec& spec) {
  const boost::json::value values = json::to_json(spec);
  std::vector<model::PresetChoice> list;
  std::copy_if(preset.begin(), preset.end(), std::back_inserter(list),
               [&](const model::PresetChoice& choice) { return is_in_effect(choice, spec, values); });
  return list;
}

}  // namespace visor::engine
