#include "engine/context.h"

#include <fmt/format.h>

namespace visor::engine {

MachineEntry& require_machine(Context& context, const std::string& id) {
  MachineEntry* entry = context.machines.find(id);
  if (entry == nullptr) throw Error(ErrorKind::not_found, "machine.gone", "The machine was deleted meanwhile.");
  return *entry;
}

hypervisor::RunningMachine& require_running(MachineEntry& entry) {
  if (entry.running) return *entry.running;
  throw Error(ErrorKind::conflict, "machine.not_running", fmt::format("The machine '{}' is not running.", entry.record.name),
              fmt::format("Start it with `visor start {}`.", entry.record.name));
}

}  // namespace visor::engine
