#include "model/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate.h"

namespace visor::model {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestDescription = 4096;

/// Whether a setting is one machine's own: another would not run with it, or run on other processors than it should.
bool belongs_to_one_machine(const Setting& setting) {
  static const std::string_view kOwn[] = {"machineVersion",   "disks",       "nics",         "os.",
                                          "boot.kernel",      "boot.initrd", "boot.cmdline", "cpu.pinning",
                                          "memory.hostNodes", "shares"};
  return setting.read_only ||
         std::any_of(std::begin(kOwn), std::end(kOwn), [&](std::string_view prefix) { return setting.key.starts_with(prefix); });
}

/// The keys of all values in a patch: "cpu.nested" of {"cpu": {"nested": "off"}}.
void collect_keys(const boost::json::object& patch, const std::string& prefix, std::vector<std::string>& keys) {
  for (const auto& [name, value] : patch) {
    const std::string key = prefix + std::string(name);
    if (value.is_object()) {
      collect_keys(value.get_object(), key + ".", keys);
    } else {
      keys.push_back(key);
    }
  }
}

void set_value(boost::json::object& into, std::string_view key, const boost::json::value& value) {
  boost::json::object* at = &into;
  for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
    boost::json::value& inner = (*at)[key.substr(0, dot)];
    if (!inner.is_object()) inner.emplace_object();
    at = &inner.get_object();
    key.remove_prefix(dot + 1);
  }
  (*at)[key] = value;
}

std::vector<Profile> make_built_in() {
  return {
      {"gaming",
       "Short delays for one person at the screen: no shared pages, no nesting, a wide screen.",
       true,
       {{"cpu", {{"nested", "off"}, {"hyperv", "auto"}}},
        {"memory", {{"merge", false}}},
        {"display", {{"model", "virtio"}, {"width", 1920}, {"height", 1080}, {"tablet", true}}},
        {"autostart", {{"enabled", false}}}}},
      {"quiet-server",
       "Runs by itself: starts with the host, comes back after a crash or a hang, and is not deleted by accident.",
       true,
       {{"memory", {{"merge", true}}},
        {"watchdog", {{"model", "i6300esb"}, {"action", "reset"}}},
        {"onCrash", "restart"},
        {"autostart", {{"enabled", true}}},
        {"protection", {{"delete", true}}}}},
      {"dev-box",
       "To try things in: virtual machines inside, the boot menu, and nothing that comes back by itself.",
       true,
       {{"cpu", {{"nested", "on"}}},
        {"memory", {{"merge", true}}},
        {"boot", {{"menu", true}}},
        {"onCrash", "stay"},
        {"autostart", {{"enabled", false}}},
        {"protection", {{"delete", false}}}}},
  };
}

void check_name(const std::string& name, Validation& validation) {
  const bool characters =
      std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  const bool good = !name.empty() && name.size() <= kLongestName && characters && name.front() != '-' && name.back() != '-';
  if (good) return;
  validation.refuse(
      "name", "name",
      fmt::format("'{}' is no name of a profile: use 1-63 of a-z, 0-9 and '-'.", text::printable(name.substr(0, 80))));
}

}  // namespace

const std::vector<Profile>& built_in_profiles() {
  static const std::vector<Profile> all = make_built_in();
  return all;
}

void check_profile(const Profile& profile, Validation& validation) {
  check_name(profile.name, validation);
  check_text(profile.description, kLongestDescription, "description", validation);
  std::vector<std::string> keys;
  collect_keys(profile.spec, "", keys);
  if (keys.empty()) validation.refuse("spec", "missing", "A profile without settings changes nothing.");
  for (const std::string& key : keys) {
    const Setting* setting = find_setting(key);
    if (setting == nullptr || !belongs_to_one_machine(*setting)) continue;
    validation.refuse("spec." + key, "unsupported",
                      fmt::format("{} belongs to one machine and cannot be in a profile.", setting->title));
  }
  boost::json::value merged = json::to_json(MachineSpec{});
  json::merge_patch(merged, profile.spec);
  MachineSpec spec;
  json::read(merged, spec, "spec", validation);
  check_spec(spec, "spec", validation);
}

boost::json::object portable_settings(const MachineSpec& spec) {
  boost::json::object found;
  const boost::json::value values = json::to_json(spec);
  for (const Setting& setting : settings()) {
    if (belongs_to_one_machine(setting) || setting.key.find("[]") != std::string::npos) continue;
    const boost::json::value& value = setting_value(values, setting.key);
    if (value != setting.default_) set_value(found, setting.key, value);
  }
  return found;
}

}  // namespace visor::model
