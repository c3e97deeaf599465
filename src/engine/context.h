// What the use cases stand on. Made once by Engine and handed to each of its parts.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "engine/event_bus.h"
#include "engine/machine_registry.h"
#include "engine/task_engine.h"
#include "hypervisor/hypervisor.h"
#include "model/paths.h"
#include "storage/storage.h"
#include "store/store.h"

namespace visor::engine {

struct Context {
  boost::asio::any_io_executor executor;
  const model::InstancePaths& paths;
  store::Store& store;
  storage::Storage& storage;
  hypervisor::Hypervisor& hypervisor;
  EventBus& events;
  TaskEngine& tasks;
  MachineRegistry& machines;
};

/// The machine with this id, or Error `machine.gone` when it was removed while something waited.
MachineEntry& require_machine(Context& context, const std::string& id);
/// The running process of a machine, or Error `machine.not_running`.
hypervisor::RunningMachine& require_running(MachineEntry& entry);

}  // namespace visor::engine
