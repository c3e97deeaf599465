// Watches guests come up, by their agent: readiness, addresses, name of the system.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "engine/context.h"
#include "loop/sync.h"
#include "loop/task_group.h"

namespace visor::engine {

class GuestWatch {
 public:
  explicit GuestWatch(Context& context);

  /// Follows a machine from its start (or reattachment) to its end.
  void follow(const std::string& id);
  /// Something about the guest has changed: look at once.
  void look(const std::string& id);
  /// Returns when the guest is ready: its agent has answered or cloud-init has said that it is done. Errors:
  /// `machine.not_ready` (time), `machine.ended` (it stopped or crashed meanwhile). `rest` is what is left of `timeout`.
  Awaitable<> wait_ready(std::string id, std::chrono::seconds timeout, loop::Duration rest);
  Awaitable<> close();

 private:
  Awaitable<> watch(std::string id);
  /// Asks the agent once. True when everything that it can tell is known.
  Awaitable<bool> ask(std::string id);
  Awaitable<> ask_details(std::string id);

  /// What wakes those who wait for news of this guest. Each has its own: news of one is no reason to ask all others.
  std::shared_ptr<loop::Notifier> news_of(const std::string& id);

  Context& context_;
  std::map<std::string, std::shared_ptr<loop::Notifier>> news_;
  loop::TaskGroup group_;
};

}  // namespace visor::engine
