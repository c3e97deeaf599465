// Marks a machine as worked on by a task.
#pragma once

#include <string>
#include <utility>

#include "engine/context.h"

namespace visor::engine {

/// As long as this lives, the machine shows the task as the one that works on it.
class Occupied {
 public:
  Occupied(Context& context, std::string machine_id, std::string task_id)
      : context_(context), machine_id_(std::move(machine_id)), task_id_(std::move(task_id)) {
    MachineEntry& entry = require_machine(context_, machine_id_);
    entry.task = task_id_;
    context_.machines.publish(entry);
  }
  ~Occupied() {
    MachineEntry* entry = context_.machines.find(machine_id_);
    if (entry == nullptr || entry->task != task_id_) return;
    entry->task.reset();
    context_.machines.publish(*entry);
  }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  Context& context_;
  std::string machine_id_;
  std::string task_id_;
};

}  // namespace visor::engine
