#include "engine/machine_change.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/json.h"
#include "engine/disk_layers.h"
#include "engine/spec_diff.h"
#include "model/settings.h"
#include "model/validate.h"
#include "model/validate_disks.h"

namespace visor::engine {
namespace {

/// What a client may change; everything else of a machine is observed or fixed.
struct Changeable {
  std::string description;
  std::vector<std::string> tags;
  std::string group;
  model::MachineSpec spec;
};
BOOST_DESCRIBE_STRUCT(Changeable, (), (description, tags, group, spec))

Changeable changeable_part(const MachineRecord& record) { return {record.description, record.tags, record.group, record.spec}; }

Changeable apply_patch(const Changeable& before, const boost::json::object& patch) {
  boost::json::value merged = json::to_json(before);
  json::merge_patch(merged, patch);
  Validation validation;
  Changeable after;
  json::read(merged, after, "", validation);
  validation.throw_if_failed("machine.invalid");
  model::check_text(after.description, 4096, "description", validation);
  model::check_text(after.group, 128, "group", validation);
  for (const std::string& tag : after.tags) model::check_text(tag, 64, "tags", validation);
  model::check_spec(after.spec, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  return after;
}

/// Volumes belong to Visor: a patch may neither point a disk at another volume nor change the size or format of one.
std::optional<std::string> refuse_volume_change(const Difference& difference) {
  static const std::set<std::string> kVolumeFields{"disks[].volume", "disks[].size", "disks[].format"};
  if (kVolumeFields.contains(difference.key))
    return "The volume of a disk is not changed by a setting; use `visor disk resize` for its size.";
  return std::nullopt;
}

std::optional<std::string> refuse(const Difference& difference) {
  const model::Setting* setting = model::find_setting(difference.key);
  if (setting != nullptr && setting->read_only) return fmt::format("{} is fixed when the machine is created.", setting->title);
  return refuse_volume_change(difference);
}

/// Disks may be added and removed only as files of the user for now; a volume must not be lost by leaving it out of a list.
std::optional<std::string> refuse_lost_volume(const model::MachineSpec& before, const model::MachineSpec& after) {
  const auto volumes = [](const model::MachineSpec& spec) {
    std::set<std::string> names;
    for (const model::Disk& disk : spec.disks) {
      if (!disk.volume.empty()) names.insert(disk.volume);
    }
    return names;
  };
  const bool without = std::any_of(after.disks.begin(), after.disks.end(), [](const model::Disk& disk) {
    return disk.device == model::DiskDevice::disk && disk.volume.empty() && disk.file.empty();
  });
  if (without) return "A new disk needs a file; `visor disk add` makes one of Visor's own.";
  if (volumes(before) != volumes(after)) {
    return "Disks of Visor's own are neither added nor removed by changing the list; use `visor disk add` and `visor disk "
           "remove`.";
  }
  return std::nullopt;
}

/// Why a change that is allowed does not apply now; nothing when it does.
std::optional<std::string> why_later(const MachineEntry& entry, const std::string& key, const model::MachineSpec& wanted) {
  if (fixed_spec(entry) == nullptr) return std::nullopt;
  const model::Setting* setting = model::find_setting(key);
  if (setting != nullptr && setting->live) return std::nullopt;
  if (!entry.running) return "Applies at the next boot; now it continues as it was saved.";
  if (setting != nullptr && setting->live_if_possible) return entry.running->keeps_waiting(key, wanted);
  return "Applies at the next start.";
}

model::ChangeResult sort_changes(const MachineEntry& entry, const Changeable& before, const Changeable& after) {
  model::ChangeResult result;
  for (const Difference& difference : differences(json::to_json(before), json::to_json(after))) {
    if (difference.field.starts_with("spec.")) continue;
    result.applied.push_back({difference.field, difference.from, difference.to, ""});
  }
  const auto lost = refuse_lost_volume(before.spec, after.spec);
  for (const Difference& difference : differences(json::to_json(before.spec), json::to_json(after.spec))) {
    model::FieldChange change{"spec." + difference.field, difference.from, difference.to, ""};
    if (const auto refused = difference.key == "disks" && lost ? lost : refuse(difference)) {
      change.reason = *refused;
      result.rejected.push_back(std::move(change));
    } else if (const auto later = why_later(entry, difference.key, after.spec)) {
      change.reason = *later;
      result.pending.push_back(std::move(change));
    } else {
      result.applied.push_back(std::move(change));
    }
  }
  return result;
}

void require_revision(const MachineEntry& entry, const ChangeOptions& options) {
  if (!options.expected_revision || *options.expected_revision == entry.record.revision) return;
  throw Error(ErrorKind::precondition, "machine.changed",
              fmt::format("The machine '{}' was changed meanwhile: it has revision {}, not {}.", entry.record.name,
                          entry.record.revision, *options.expected_revision),
              "Read it again and repeat the change.");
}

/// A disk that is plugged into a running machine needs a place of its own, and keeps it.
void give_slots(const MachineEntry& entry, model::MachineSpec& spec) {
  if (!entry.running) return;
  const std::vector<model::Disk>& running = entry.running->running_spec().disks;
  for (model::Disk& disk : spec.disks) {
    const bool known = std::any_of(running.begin(), running.end(), [&](const model::Disk& other) { return other.id == disk.id; });
    if (!known && disk.slot == 0 && disk.device == model::DiskDevice::disk) disk.slot = model::free_slot(spec.disks);
  }
}

/// Stored first: a daemon that ends in between has a successor that applies what is stored. Taken back when it cannot be applied.
Awaitable<> store_and_apply(Context& context, MachineEntry& entry, MachineRecord record) {
  const std::string id = entry.record.id;
  MachineRecord before = entry.record;
  const model::MachineSpec wanted = record.spec;
  context.machines.change(entry, std::move(record));
  if (!entry.running) co_return;
  const std::uint64_t revision = entry.record.revision;
  std::exception_ptr failure;
  const std::vector<model::Disk> disks = new_disks(entry.running->running_spec(), wanted);
  try {
    const std::vector<hypervisor::ResolvedDisk> files = co_await resolve_disks(context, disks);
    MachineEntry* still = context.machines.find(id);
    if (still != nullptr && still->running) co_await still->running->apply(wanted, files, false);
  } catch (...) {
    failure = std::current_exception();
  }
  MachineEntry* now = context.machines.find(id);
  // What another client has changed meanwhile stays.
  const bool ours = now != nullptr && now->record.revision == revision;
  if (failure && ours) context.machines.change(*now, std::move(before));
  if (failure) std::rethrow_exception(failure);
  if (now != nullptr) context.machines.publish(*now);
}

}  // namespace

Awaitable<> change_spec(Context& context, std::string id, std::function<void(model::MachineSpec&)> edit) {
  MachineRecord record = require_machine(context, id).record;
  edit(record.spec);
  give_slots(require_machine(context, id), record.spec);
  Validation validation;
  model::check_spec(record.spec, "spec", validation);
  validation.throw_if_failed("machine.invalid");
  const std::uint64_t revision = record.revision;
  co_await context.hypervisor.check(record.spec);
  MachineEntry& entry = require_machine(context, id);
  if (entry.record.revision != revision) {
    record = entry.record;
    edit(record.spec);
    give_slots(entry, record.spec);
  }
  co_await store_and_apply(context, entry, std::move(record));
}

Awaitable<model::ChangeResult> change_machine(Context& context, std::string name, boost::json::object patch,
                                              ChangeOptions options) {
  MachineEntry& entry = context.machines.by_name(name);
  const std::string id = entry.record.id;
  require_revision(entry, options);
  const Changeable before = changeable_part(entry.record);
  Changeable after = apply_patch(before, patch);
  give_slots(entry, after.spec);
  co_await context.hypervisor.check(after.spec);
  MachineEntry& checked = require_machine(context, id);
  require_revision(checked, options);
  model::ChangeResult result = sort_changes(checked, before, after);
  const bool refused = !result.rejected.empty();
  if (refused) {
    result.applied.clear();
    result.pending.clear();
  }
  const bool anything = !result.applied.empty() || !result.pending.empty();
  if (anything && !options.dry_run) {
    MachineRecord record = checked.record;
    record.description = after.description;
    record.tags = after.tags;
    record.group = after.group;
    record.spec = after.spec;
    co_await store_and_apply(context, checked, std::move(record));
  }
  result.machine = context.machines.view(require_machine(context, id));
  co_return result;
}

}  // namespace visor::engine
