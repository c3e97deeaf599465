// What machines do without being asked: start with their host, start again after a crash.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "engine/machine_power.h"
#include "os/file.h"

namespace visor::engine {
namespace {

constexpr int kMostRestarts = 5;
/// One that takes longer does not keep the next ones waiting.
constexpr std::chrono::milliseconds kStartTime{std::chrono::minutes(2)};
/// A machine that has run for this long has not been brought back in vain.
constexpr auto kStable = std::chrono::minutes(5);

std::chrono::seconds pause_before(int restart) { return std::chrono::seconds(1U << static_cast<unsigned>(std::min(restart, 5))); }

std::string boot_id() { return std::string(text::trim(os::read_file_if_any("/proc/sys/kernel/random/boot_id").value_or(""))); }

}  // namespace

void MachinePower::restart_after_crash(MachineEntry& entry) {
  if (entry.record.spec.on_crash != model::CrashAction::restart || entry.restart_waits) return;
  if (std::chrono::system_clock::now() - entry.started_last > kStable) entry.restarts = 0;
  if (entry.restarts >= kMostRestarts) {
    log::error("machine '{}' has crashed again after {} restarts; it stays off", entry.record.name, kMostRestarts);
    return;
  }
  const std::chrono::seconds pause = pause_before(entry.restarts++);
  log::warning("machine '{}' is started again in {} s", entry.record.name, pause.count());
  entry.restart_waits = true;
  group_.spawn("restart after crash", [this, id = entry.record.id, pause]() -> Awaitable<> {
    co_await loop::sleep_for(pause);
    restart_now(id);
  });
}

void MachinePower::restart_now(const std::string& id) {
  MachineEntry* entry = context_.machines.find(id);
  if (entry == nullptr) return;
  entry->restart_waits = false;
  // Somebody may have taken care of it, or changed his mind, meanwhile.
  if (entry->task || entry->record.spec.on_crash != model::CrashAction::restart) return;
  try {
    if (entry->status == model::Status::crashed) start(entry->record.name, {});
    if (entry->running && entry->panicked) command(entry->record.name, model::Action::reset);
  } catch (const Error& error) {
    log::warning("machine '{}' cannot be started again: {}", entry->record.name, error.what());
  }
}

void MachinePower::start_with_host() {
  const std::filesystem::path mark = context_.paths.runtime_directory / "autostarted";
  const std::string boot = boot_id();
  if (os::read_file_if_any(mark).value_or("") == boot) return;
  os::replace_file(mark, boot, 0600, os::Durable::no);
  std::vector<MachineEntry*> wanted = context_.machines.all();
  std::erase_if(wanted, [](const MachineEntry* entry) { return !entry->record.spec.autostart.enabled || entry->running; });
  std::ranges::sort(wanted, {},
                    [](const MachineEntry* entry) { return std::pair(entry->record.spec.autostart.order, entry->record.name); });
  std::vector<std::string> ids;
  ids.reserve(wanted.size());
  for (const MachineEntry* entry : wanted) ids.push_back(entry->record.id);
  if (ids.empty()) return;
  group_.spawn("start with the host", [this, ids]() -> Awaitable<> { return start_in_order(ids); });
}

Awaitable<> MachinePower::start_in_order(std::vector<std::string> ids) {
  for (const std::string& id : ids) {
    const MachineEntry* entry = context_.machines.find(id);
    if (entry == nullptr) continue;
    co_await loop::sleep_for(std::chrono::seconds(entry->record.spec.autostart.delay));
    entry = context_.machines.find(id);
    if (entry == nullptr || entry->running) continue;
    try {
      const model::Task task = start(entry->record.name, {});
      log::info("machine '{}' is started with its host", entry->record.name);
      co_await context_.tasks.wait(task.id, kStartTime);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      log::warning("a machine cannot be started with its host: {}", error.what());
    }
  }
}

}  // namespace visor::engine
