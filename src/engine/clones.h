// Full clones: machines of their own with the disks of another one.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/clone_identity.h"
#include "engine/context.h"
#include "engine/machine_power.h"
#include "model/clone.h"

namespace visor::engine {

class Clones {
 public:
  Clones(Context& context, MachinePower& power);

  /// Copies a machine that is off, once or several times: all copies are made, or none. The source can neither be started, changed in
  /// its disks nor deleted meanwhile: such tasks wait for the end of the copy.
  model::Task clone(const std::string& source, model::CloneRequest request);
  void register_recovery();

 private:
  struct Order;
  Awaitable<boost::json::object> run(TaskRun& run, std::shared_ptr<Order> order);
  Awaitable<> make(TaskRun& run, std::shared_ptr<Order> order);
  Awaitable<> copy_disks(TaskRun& run, MachineRecord source, const std::vector<CloneRecord>& clones);
  Awaitable<> give_identity(TaskRun& run, MachineRecord source, const CloneRecord& clone);
  void require_free(const std::string& name) const;
  Awaitable<> start_all(TaskRun& run, std::vector<std::string> names);

  Context& context_;
  MachinePower& power_;
  /// Names of machines that are being made. Shared with the tasks that make them.
  std::shared_ptr<std::set<std::string>> coming_ = std::make_shared<std::set<std::string>>();
};

}  // namespace visor::engine
