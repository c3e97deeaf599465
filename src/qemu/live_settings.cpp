#include "qemu/live_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "base/cpu_list.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "model/encryption.h"
#include "model/topology.h"
#include "model/validate_memory.h"
#include "model/validate_processors.h"
#include "qemu/argument_list.h"
#include "qemu/arguments.h"
#include "qemu/boot_order.h"
#include "qemu/disk_devices.h"
#include "qemu/live_disks.h"
#include "qemu/pinning.h"
#include "qmp/commands.h"
#include "qmp/device_commands.h"

namespace visor::qemu {
namespace {

/// A guest that does not give a processor back within this time does not want to.
constexpr std::chrono::seconds kRemovalTime{15};
constexpr std::chrono::milliseconds kRemovalPause{250};
/// As above, for memory: what it gives back has to be emptied first.
constexpr std::chrono::seconds kPluggingTime{20};
/// Nothing more of a small remainder comes after this long.
constexpr std::chrono::seconds kRemainderTime{3};

Awaitable<std::uint32_t> processor_count(qmp::Client& client) {
  co_return static_cast<std::uint32_t>((co_await qmp::query_cpus_fast(client)).size());
}

Awaitable<> add_processors(std::shared_ptr<qmp::Client> client, std::uint32_t count) {
  for (qmp::CpuSlot& slot : co_await qmp::query_hotpluggable_cpus(*client)) {
    if (count == 0) co_return;
    if (!slot.qom_path.empty()) continue;
    boost::json::object device = std::move(slot.place);
    device["driver"] = slot.type;
    co_await qmp::device_add(*client, std::move(device));
    --count;
  }
}

Error guest_kept_processors(const MachineState& state, const std::string& detail) {
  return {ErrorKind::conflict, "machine.guest_kept_processors",
          fmt::format("The guest of {} did not give its processors back: {}", state.record.machine_name, detail),
          "It must run and its system must be able to remove processors; or change them while the machine is off."};
}

/// Asks the guest for the processors behind the first `keep`, the last one first; waits until it has let go of them.
Awaitable<> remove_processors(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, std::uint32_t keep) {
  std::vector<std::string> used;
  for (const qmp::CpuSlot& slot : co_await qmp::query_hotpluggable_cpus(*client)) {
    if (!slot.qom_path.empty()) used.push_back(slot.qom_path);
  }
  while (used.size() > keep) {
    try {
      co_await qmp::device_del(*client, used.back());
    } catch (const Error& error) {
      // Before a system has taken over the board, QEMU refuses even to ask.
      if (error.code() != "qemu.generic_error") throw;
      throw guest_kept_processors(*state, error.what());
    }
    used.pop_back();
  }
  const auto end = std::chrono::steady_clock::now() + kRemovalTime;
  std::uint32_t now = co_await processor_count(*client);
  while (now > keep && std::chrono::steady_clock::now() < end) {
    co_await state->changed.wait(kRemovalPause);
    now = co_await processor_count(*client);
  }
  if (now <= keep) co_return;
  throw guest_kept_processors(*state, fmt::format("nothing happened within {} s.", kRemovalTime.count()));
}

Awaitable<> change_processors(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, std::uint32_t wanted) {
  std::uint32_t& count = state->record.spec.cpu.count;
  const std::uint32_t before = count;
  state->virtual_cpus.clear();
  if (wanted < before && !(co_await qmp::query_status(*client)).running) {
    throw Error(ErrorKind::conflict, "machine.wrong_state", "A paused guest cannot give processors back.", "Resume it first.");
  }
  std::exception_ptr failure;
  try {
    if (wanted > before) co_await add_processors(client, wanted - before);
    if (wanted < before) co_await remove_processors(state, client, wanted);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  count = co_await processor_count(*client);
  // All or nothing: what the user has now stays what he has.
  if (failure && count < before) {
    co_await add_processors(client, before - count);
    count = co_await processor_count(*client);
  }
  if (failure) std::rethrow_exception(failure);
}

Awaitable<> change_links(qmp::Client& client, model::MachineSpec& now, const model::MachineSpec& wanted) {
  for (model::Nic& nic : now.nics) {
    const auto same =
        std::find_if(wanted.nics.begin(), wanted.nics.end(), [&](const model::Nic& other) { return other.id == nic.id; });
    if (same == wanted.nics.end() || same->link_up == nic.link_up) continue;
    co_await qmp::set_link(client, nic_device_id(nic.id), same->link_up);
    nic.link_up = same->link_up;
  }
}

/// What QEMU does when the guest restarts and when its watchdog runs out.
Awaitable<> change_actions(qmp::Client& client, model::MachineSpec& now, const model::MachineSpec& wanted) {
  boost::json::object actions;
  if (now.on_reboot != wanted.on_reboot) {
    actions["reboot"] = wanted.on_reboot == model::RebootAction::shutdown ? "shutdown" : "reset";
  }
  if (now.watchdog.action != wanted.watchdog.action) actions["watchdog"] = watchdog_action(wanted.watchdog.action);
  if (actions.empty()) co_return;
  co_await qmp::set_action(client, std::move(actions));
  now.on_reboot = wanted.on_reboot;
  now.watchdog.action = wanted.watchdog.action;
}

Error guest_kept_memory(const MachineState& state, Bytes wanted, Bytes now) {
  const bool more = wanted > now;
  return {ErrorKind::conflict, "machine.guest_kept_memory",
          fmt::format("The guest of {} {} within {} s: it was asked for {} of additional memory and has {}.",
                      state.record.machine_name, more ? "did not take all memory" : "did not give all memory back",
                      kPluggingTime.count(), format_bytes(wanted), format_bytes(now)),
          "Its system needs the driver virtio_mem (Linux 5.8 and later); or change the memory while the machine is off."};
}

/// Of what a guest should give back it may keep this part: there are nearly always some pages that it cannot move.
constexpr std::uint64_t kKeptPart = 10;
bool is_remainder(Bytes now, Bytes before, Bytes wanted) {
  return now > wanted && now < before && (now - wanted) * kKeptPart <= before - wanted;
}

/// Asks the guest to have this much beside what it was started with, and waits until it has; otherwise it is as it was. What it
/// has kept of what it should give back.
Awaitable<Bytes> plug_memory(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, Bytes wanted) {
  const Bytes before = co_await qmp::added_memory(*client);
  if (before == wanted) co_return Bytes();
  if (!(co_await qmp::query_status(*client)).running) {
    throw Error(ErrorKind::conflict, "machine.wrong_state", "A paused guest cannot take memory or give it back.",
                "Resume it first.");
  }
  co_await qmp::request_added_memory(*client, wanted);
  const auto end = std::chrono::steady_clock::now() + kPluggingTime;
  auto moved = std::chrono::steady_clock::now();
  Bytes now = before;
  while (now != wanted && std::chrono::steady_clock::now() < end) {
    if (is_remainder(now, before, wanted) && std::chrono::steady_clock::now() - moved > kRemainderTime) break;
    co_await state->changed.wait(kRemovalPause);
    if (const Bytes size = co_await qmp::added_memory(*client); size != now) {
      now = size;
      moved = std::chrono::steady_clock::now();
    }
  }
  if (now == wanted) co_return Bytes();
  if (is_remainder(now, before, wanted)) co_return now - wanted;
  co_await qmp::request_added_memory(*client, before);
  throw guest_kept_memory(*state, wanted, now);
}

/// The controller moves the balloon of dynamic memory; without, the guest has its size.
Awaitable<> change_memory(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::MachineSpec wanted) {
  ProcessRecord& record = state->record;
  model::Memory& now = record.spec.memory;
  const Bytes size = why_it_waits("memory.size", record, wanted) ? now.size : wanted.memory.size;
  if (why_it_waits("memory.dynamic.maximum", record, wanted)) wanted.memory.dynamic.maximum = now.dynamic.maximum;
  const bool dynamic = wanted.memory.dynamic.enabled;
  // The balloon reaches only what was there at the start.
  const Bytes first = std::min(dynamic ? record.assigned : size, record.memory_at_start);
  const Bytes added = dynamic ? Bytes() : size - first;
  Bytes kept;
  if (record.most_memory() > record.memory_at_start) kept = co_await plug_memory(state, client, added);
  // The balloon takes for what could not be given back.
  if (!dynamic && record.assigned != size) co_await qmp::balloon(*client, first - std::min(first, kept));
  record.assigned = first + added;
  now.size = size;
  now.dynamic = wanted.memory.dynamic;
  now.weight = wanted.memory.weight;
}

bool same_memory(const model::Memory& a, const model::Memory& b) {
  return a.dynamic.enabled == b.dynamic.enabled && a.dynamic.minimum == b.dynamic.minimum &&
         a.dynamic.buffer_percent == b.dynamic.buffer_percent && a.weight == b.weight;
}

bool is_ordinary(const model::Cpu& cpu) { return !is_pinned(cpu.pinning) && cpu.scheduling == model::Scheduling::fair; }

/// Where and when the threads run: control group, pinning, scheduling. The number of processors is what the machine has now.
Awaitable<> change_threads(std::shared_ptr<MachineState> state, std::shared_ptr<qmp::Client> client, model::Cpu wanted) {
  const model::Cpu before = state->record.spec.cpu;
  wanted.count = before.count;
  const pid_t process = state->process.pid();
  const HostResources& resources = *state->resources;
  state->resources->groups.change(state->record.machine_id, process, wanted);
  std::exception_ptr failure;
  try {
    resources.energy.set(wanted, state->runtime_directory);
  } catch (const Error&) {
    state->resources->groups.change(state->record.machine_id, process, before);
    throw;
  }
  if (!is_ordinary(wanted) || !is_ordinary(before)) {
    const GuestThreads threads = co_await query_threads(*client);
    try {
      apply_pinning(process, threads, wanted.pinning);
      apply_scheduling(process, threads.processors, wanted.scheduling);
    } catch (const Error&) {
      failure = std::current_exception();
    }
    if (failure) {
      state->resources->groups.change(state->record.machine_id, process, before);
      resources.energy.set(before, state->runtime_directory);
      apply_pinning(process, threads, before.pinning);
      apply_scheduling(process, threads.processors, before.scheduling);
      std::rethrow_exception(failure);
    }
  }
  model::Cpu& now = state->record.spec.cpu;
  now.pinning = wanted.pinning;
  now.scheduling = wanted.scheduling;
  now.frequency = wanted.frequency;
  now.energy = wanted.energy;
  now.weight = wanted.weight;
  now.limit_percent = wanted.limit_percent;
  now.reserve_percent = wanted.reserve_percent;
}

bool same_threads(const model::Cpu& a, const model::Cpu& b) {
  return a.pinning.vcpus == b.pinning.vcpus && a.pinning.emulator == b.pinning.emulator && a.pinning.io == b.pinning.io &&
         a.pinning.exclusive == b.pinning.exclusive && a.scheduling == b.scheduling && a.frequency == b.frequency &&
         a.energy == b.energy && a.weight == b.weight && a.limit_percent == b.limit_percent &&
         a.reserve_percent == b.reserve_percent;
}

model::ExplainedStep pinning_step(const std::string& target, const std::string& list, const std::string& setting) {
  return {"affinity", target, list, setting, ""};
}

}  // namespace

std::string watchdog_action(model::WatchdogAction action) {
  return action == model::WatchdogAction::nmi ? "inject-nmi" : json::enum_name(action);
}

std::vector<model::ExplainedStep> preparing_steps(const model::MachineSpec& spec) {
  std::vector<model::ExplainedStep> steps = control_group_steps(spec.cpu);
  for (std::size_t i = 0; i < spec.nics.size(); ++i) {
    if (spec.nics[i].link_up) continue;
    const boost::json::object arguments{{"name", nic_device_id(spec.nics[i].id)}, {"up", false}};
    steps.push_back({"qmp", "set_link", boost::json::serialize(arguments), fmt::format("spec.nics[{}].linkUp", i), ""});
  }
  for (std::size_t i = 0; i < spec.disks.size(); ++i) {
    if (!has_limits(spec.disks[i].limits)) continue;
    const model::DiskBus bus = resolve_bus(spec.disks[i], resolve_chipset(spec));
    steps.push_back({"qmp", "block_set_io_throttle", boost::json::serialize(throttle_arguments(spec.disks[i], bus)),
                     fmt::format("spec.disks[{}].limits", i), ""});
  }
  const model::Pinning& pinning = spec.cpu.pinning;
  for (std::size_t i = 0; i < std::min<std::size_t>(pinning.vcpus.size(), spec.cpu.count); ++i) {
    if (pinning.vcpus[i].empty()) continue;
    steps.push_back(pinning_step(fmt::format("virtual processor {}", i), pinning.vcpus[i], "spec.cpu.pinning.vcpus"));
  }
  if (!pinning.emulator.empty()) steps.push_back(pinning_step("other threads", pinning.emulator, "spec.cpu.pinning.emulator"));
  if (spec.cpu.energy != model::Energy::auto_) {
    steps.push_back({"energy", "processors " + to_cpu_list(model::pinned_processors(pinning)), json::enum_name(spec.cpu.energy),
                     "spec.cpu.energy", ""});
  }
  if (!pinning.io.empty() && spec.cpu.io_threads > 0) {
    steps.push_back(pinning_step("disk threads", pinning.io, "spec.cpu.pinning.io"));
  }
  if (spec.cpu.scheduling == model::Scheduling::realtime) {
    steps.push_back({"scheduling", "virtual processors", "priority 1 (SCHED_FIFO)", "spec.cpu.scheduling", ""});
  }
  if (spec.cpu.scheduling == model::Scheduling::core) {
    steps.push_back({"scheduling", "all threads", "a cookie of their own (PR_SCHED_CORE)", "spec.cpu.scheduling", ""});
  }
  return steps;
}

Awaitable<> prepare_guest(qmp::Client& client, const os::Process& process, const model::MachineSpec& spec, bool restored) {
  co_await set_disk_limits(client, spec);
  for (const model::Nic& nic : spec.nics) {
    if (restored || !nic.link_up) co_await qmp::set_link(client, nic_device_id(nic.id), nic.link_up);
  }
  const Bytes size = spec.memory.size;
  if (!restored && size < model::memory_at_start(spec.memory)) co_await qmp::balloon(client, size);
  if (is_ordinary(spec.cpu)) co_return;
  const GuestThreads threads = co_await query_threads(client);
  apply_pinning(process.pid(), threads, spec.cpu.pinning);
  apply_scheduling(process.pid(), threads.processors, spec.cpu.scheduling);
}

Awaitable<> pin_again(std::shared_ptr<MachineState> state) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  const GuestThreads threads = co_await query_threads(*client);
  apply_pinning(state->process.pid(), threads, state->record.spec.cpu.pinning);
}

std::optional<std::string> why_it_waits(const std::string& key, const ProcessRecord& record, const model::MachineSpec& wanted) {
  if (key == "cpu.count") {
    const std::uint32_t most = model::most_processors(record.spec.cpu);
    if (wanted.cpu.count > most || record.spec.cpu.maximum == 0) {
      return fmt::format("The machine was started with room for {} processors (cpu.maximum); more apply at the next start.",
                         most);
    }
    // QEMU 7.2 corrupts its memory and aborts after a few rounds of removing and adding emulated processors.
    if (wanted.cpu.count < record.spec.cpu.count && record.accelerator == "tcg") {
      return "Without KVM processors cannot be taken away from a running machine; it applies at the next start.";
    }
    return std::nullopt;
  }
  if (key == "memory.dynamic.maximum") {
    const Bytes most = model::memory_bounds(wanted.memory).maximum;
    if (!wanted.memory.dynamic.enabled || most <= record.memory_at_start) return std::nullopt;
    return fmt::format("The machine was started with {}; more applies at the next start.", format_bytes(record.memory_at_start));
  }
  if (key == "memory.size") {
    if (model::is_encrypted(record.spec.memory)) return "Encrypted memory stays as it is while the guest runs.";
    const Bytes most = record.most_memory();
    if (wanted.memory.size <= most) return std::nullopt;
    return fmt::format("The machine was started with room for {} (memory.maximum); more applies at the next start.",
                       format_bytes(most));
  }
  if (key == "memory.pageSize" && !record.page_note.empty()) return record.page_note;
  if (key == "disks") return why_disks_wait(record.spec, wanted);
  if (key == "disks[].file") return why_media_wait(record.spec, wanted);
  if (key == "disks[].bootIndex") return why_boot_order_waits(record.spec, wanted, false);
  if (key == "nics[].bootIndex") return why_boot_order_waits(record.spec, wanted, true);
  return "Applies at the next start.";
}

bool is_applied(const ProcessRecord& record, const model::MachineSpec& wanted) {
  const model::MachineSpec& now = record.spec;
  const bool links = std::all_of(now.nics.begin(), now.nics.end(), [&](const model::Nic& nic) {
    return std::none_of(wanted.nics.begin(), wanted.nics.end(),
                        [&](const model::Nic& other) { return other.id == nic.id && other.link_up != nic.link_up; });
  });
  const auto same_or_waits = [&](bool same, const char* key) { return same || why_it_waits(key, record, wanted).has_value(); };
  return links && has_disks(now, wanted) && has_boot_order(now, wanted) && now.on_reboot == wanted.on_reboot &&
         now.watchdog.action == wanted.watchdog.action && same_or_waits(now.memory.size == wanted.memory.size, "memory.size") &&
         same_memory(now.memory, wanted.memory) &&
         same_or_waits(now.memory.dynamic.maximum == wanted.memory.dynamic.maximum, "memory.dynamic.maximum") &&
         same_or_waits(now.cpu.count == wanted.cpu.count, "cpu.count") && same_threads(now.cpu, wanted.cpu);
}

Awaitable<> apply_live(std::shared_ptr<MachineState> state, model::MachineSpec wanted,
                       std::vector<hypervisor::ResolvedDisk> files) {
  const std::shared_ptr<qmp::Client> client = state->monitor();
  model::MachineSpec& now = state->record.spec;
  std::exception_ptr failure;
  try {
    co_await change_links(*client, now, wanted);
    co_await change_actions(*client, now, wanted);
    co_await change_disks(state, client, wanted, std::move(files));
    co_await change_boot_order(*client, now, wanted);
    co_await change_memory(state, client, wanted);
    if (now.cpu.maximum > 0) now.cpu.count = co_await processor_count(*client);
    if (now.cpu.count != wanted.cpu.count && !why_it_waits("cpu.count", state->record, wanted)) {
      co_await change_processors(state, client, wanted.cpu.count);
    }
    co_await change_threads(state, client, wanted.cpu);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  write_record(state->runtime_directory, state->record);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace visor::qemu
