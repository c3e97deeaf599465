// Settings beside QEMU's arguments: what is set before the guest runs, and what can change while it runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/machine.h"
#include "os/process.h"
#include "qemu/machine_state.h"
#include "qmp/client.h"

namespace visor::qemu {

/// How QMP calls what a watchdog does (qapi/run-state.json, WatchdogAction).
std::string watchdog_action(model::WatchdogAction action);

/// What prepare_guest() would do for a machine that boots.
std::vector<model::ExplainedStep> preparing_steps(const model::MachineSpec& spec);

/// Cables and pinning of a process whose guest does not run yet. `restored`: it has the cables of the saved state.
Awaitable<> prepare_guest(qmp::Client& client, const os::Process& process, const model::MachineSpec& spec, bool restored);

/// Puts the threads where they belong once more, after the kernel has moved them.
Awaitable<> pin_again(std::shared_ptr<MachineState> state);

/// hypervisor::RunningMachine::keeps_waiting().
std::optional<std::string> why_it_waits(const std::string& key, const ProcessRecord& record, const model::MachineSpec& wanted);

/// Whether nothing is left to do for apply_live(), as far as the record tells: QEMU need not be asked then, which may hang.
bool is_applied(const ProcessRecord& record, const model::MachineSpec& wanted);

/// hypervisor::RunningMachine::apply(). On failure what was done of that setting is taken back.
Awaitable<> apply_live(std::shared_ptr<MachineState> state, model::MachineSpec wanted,
                       std::vector<hypervisor::ResolvedDisk> files);

}  // namespace visor::qemu
