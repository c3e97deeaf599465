// All machines of this instance: their records, and what is observed of those that run.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "console/serial_hub.h"
#include "engine/event_bus.h"
#include "engine/machine_record.h"
#include "engine/metrics_history.h"
#include "hypervisor/hypervisor.h"
#include "model/lifecycle.h"
#include "model/paths.h"
#include "store/store.h"

namespace visor::engine {

/// One machine in memory. Lives from creation to removal at a fixed address; coroutines hold its id, not a reference,
/// across a wait in which it may be removed.
struct MachineEntry {
  MachineRecord record;
  model::Status status = model::Status::stopped;
  std::string reason;
  WallTime since;
  std::unique_ptr<hypervisor::RunningMachine> running;
  std::vector<std::shared_ptr<console::SerialHub>> serials;  ///< while it runs one per serial port, the console first
  bool ready = false;
  bool agent = false;
  std::vector<std::string> addresses;
  std::string guest_hostname;
  std::string guest_os;
  std::optional<model::Sample> sample;      ///< the newest, while it runs
  std::unique_ptr<MetricsHistory> history;  ///< nothing until the first reading by this daemon
  bool history_fails = false;               ///< it could not be written the last time, which was told
  std::optional<std::string> task;
  bool panicked = false;                                 ///< the guest has said so and was not reset since
  bool restart_waits = false;                            ///< it will be started again in a moment
  int restarts = 0;                                      ///< after crashes, one behind the other
  WallTime started_last;                                 ///< by this daemon
  json::Written<model::Machine> written;                 ///< the machine as it was last shown; empty after a change
  model::Status expected_rest = model::Status::stopped;  ///< what it is after an exit that was asked for
};

class MachineRegistry {
 public:
  MachineRegistry(const model::InstancePaths& paths, store::Store& store, EventBus& events);

  /// Reads all records. Called once.
  void load();
  /// Throws Error `machine.not_found`.
  MachineEntry& by_name(const std::string& name);
  MachineEntry* find(const std::string& id);
  bool name_taken(const std::string& name) const { return ids_by_name_.contains(name); }
  std::vector<MachineEntry*> all();
  /// Those that have a process, by id: to look at them costs nothing for the others.
  const std::map<std::string, MachineEntry*>& running() const { return running_; }

  /// Takes a new machine in and stores it. Error `machine.exists` when the name is taken.
  MachineEntry& add(MachineRecord record);
  void remove(const std::string& id);
  void rename(MachineEntry& entry, const std::string& name);
  /// The user wants the machine to be like `record`, with the next revision: stored, then told to everyone. Nothing has changed
  /// when it throws.
  void change(MachineEntry& entry, MachineRecord record);
  /// Stores what has become of the machine and tells everyone. Not to be stored is no reason to fail: it has happened.
  void note(MachineEntry& entry);
  /// The machine has a process from now on, until rest().
  void attach(MachineEntry& entry, std::unique_ptr<hypervisor::RunningMachine> running);
  /// A state while a process exists, or a transition; not stored.
  void observe(MachineEntry& entry, model::Status status, std::string reason = {});
  /// The machine has come to rest (stopped, saved, crashed): stored, and everything observed is forgotten.
  void rest(MachineEntry& entry, model::Status status, std::string reason = {});
  /// Tells everyone what has been changed in `entry`.
  void publish(MachineEntry& entry);
  /// `elapsed`: since the reading before.
  void add_sample(MachineEntry& entry, model::Sample sample, std::chrono::duration<double> elapsed);

  /// What it has used; also by a machine that has not run since the daemon was started.
  std::vector<model::Sample> samples(const MachineEntry& entry, model::MetricsRange range) const;
  /// Writes what all machines have used to their files. Before the daemon ends.
  void keep_histories();

  /// The machine as it is shown.
  model::Machine view(const MachineEntry& entry) const;
  /// The same as JSON; made once per change.
  const json::Written<model::Machine>& written(MachineEntry& entry) const;

 private:
  void announce(MachineEntry& entry, std::string action);
  void keep_history(MachineEntry& entry);
  HistoryFile history_file(const MachineEntry& entry) const { return HistoryFile(paths_.machine_history(entry.record.id)); }

  const model::InstancePaths& paths_;
  store::Store& store_;
  EventBus& events_;

  std::map<std::string, std::unique_ptr<MachineEntry>> entries_;
  std::map<std::string, std::string> ids_by_name_;
  std::map<std::string, MachineEntry*> running_;
};

/// What the machine runs with, or will continue with from its saved state; nothing when its next start is a boot.
const model::MachineSpec* fixed_spec(const MachineEntry& entry);
/// What the next start runs with: a saved machine continues as what it was, but for the settings that change at any time.
model::MachineSpec next_spec(const MachineEntry& entry);
/// Throws Error{conflict, "machine.wrong_state"} when `action` is not allowed now.
void require_allowed(const MachineEntry& entry, model::Action action);

}  // namespace visor::engine
