// What every command works with.
#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/api.h"
#include "loop/awaitable.h"
#include "loop/event_loop.h"
#include "model/task.h"
#include "visor/command.h"
#include "visor/exit_code.h"
#include "visor/output.h"

namespace visor::cli {

struct Context {
  Context(loop::EventLoop& event_loop, Globals given) : loop(event_loop), globals(std::move(given)), out(globals) {}

  loop::EventLoop& loop;
  Globals globals;
  Output out;

  /// The daemon; nothing is sent before the first call.
  client::Api& api();

 private:
  std::unique_ptr<client::Api> api_;
};

/// Waits for the end of a task and shows its steps on standard error. Survives a restart of the daemon. Throws what the task
/// failed with; Error{timeout} after --timeout (or `limit`, when given) and Error `cli.interrupted` after Ctrl-C, both of
/// which say that the task goes on.
Awaitable<model::Task> wait_for_task(Context& context, model::Task task,
                                     std::optional<std::chrono::seconds> limit = std::nullopt);

/// What finish_task() does besides waiting for the task.
struct Finish {
  std::string done;                                                  ///< said at the end
  std::optional<std::chrono::seconds> limit = std::nullopt;          ///< instead of --timeout
  std::function<std::string(const boost::json::object&)> tell = {};  ///< says it from the task's result, instead of `done`
};

/// wait_for_task(), or with --no-wait the task's id; then says `done`, or shows the task as JSON or YAML. Returns the exit code.
Awaitable<int> finish_task(Context& context, model::Task task, Finish finish);

/// The limit for the daemon's own deadline of `seconds`: it speaks first, with the better message.
std::optional<std::chrono::seconds> after_daemon(const Context& context, std::uint32_t seconds);

}  // namespace visor::cli
