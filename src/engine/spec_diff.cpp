#include "engine/spec_diff.h"

#include <fmt/format.h>

#include "base/json.h"
#include "model/settings.h"

namespace visor::engine {
namespace {

void collect(const boost::json::value& from, const boost::json::value& to, const std::string& field, const std::string& key,
             std::vector<Difference>& into) {
  if (from == to) return;
  if (from.is_object() && to.is_object()) {
    for (const auto& [name, value] : to.get_object()) {
      const boost::json::value* before = from.get_object().if_contains(name);
      const std::string prefix = field.empty() ? "" : ".";
      collect(before != nullptr ? *before : boost::json::value(), value, field + prefix + std::string(name),
              key + prefix + std::string(name), into);
    }
    return;
  }
  // A list of plain values is one setting; only things such as disks have settings of their own.
  const bool things = to.is_array() && !to.get_array().empty() && to.get_array().front().is_object();
  if (things && from.is_array() && from.get_array().size() == to.get_array().size()) {
    for (std::size_t i = 0; i < to.get_array().size(); ++i) {
      collect(from.get_array()[i], to.get_array()[i], fmt::format("{}[{}]", field, i), key + "[]", into);
    }
    return;
  }
  into.push_back({field, key, from, to});
}

bool applies_at_once(const std::string& key) {
  const model::Setting* setting = model::find_setting(key);
  return setting != nullptr && setting->live;
}

}  // namespace

std::vector<Difference> differences(const boost::json::value& from, const boost::json::value& to) {
  std::vector<Difference> all;
  collect(from, to, "", "", all);
  return all;
}

std::vector<model::PendingChange> pending_changes(const model::MachineSpec& running, const model::MachineSpec& wanted,
                                                  const std::function<std::string(const std::string& key)>& why) {
  std::vector<model::PendingChange> pending;
  for (Difference& difference : differences(json::to_json(running), json::to_json(wanted))) {
    // Pinned by the start itself; no wish is no change.
    const bool pinned = difference.key == "machineVersion" && (running.machine_version.empty() || wanted.machine_version.empty());
    if (pinned || applies_at_once(difference.key)) continue;
    pending.push_back({std::move(difference.field), std::move(difference.from), std::move(difference.to), why(difference.key)});
  }
  return pending;
}

}  // namespace visor::engine
