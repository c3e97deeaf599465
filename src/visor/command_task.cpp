#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/machine_view.h"

namespace visor::cli {
namespace {

Awaitable<int> task_list(Context& context, const Arguments& arguments) {
  const std::vector<model::Task> tasks = co_await context.api().tasks(arguments.get("state"));
  if (tasks.empty() && context.out.is_table()) {
    context.out.note("There is no task.");
    co_return kExitOk;
  }
  context.out.show(json::to_json(tasks), task_table(tasks, std::chrono::system_clock::now()));
  co_return kExitOk;
}

Awaitable<int> task_info(Context& context, const Arguments& arguments) {
  const model::Task task = co_await context.api().task(arguments.get("TASK"));
  context.out.show(json::to_json(task), task_details(task, std::chrono::system_clock::now()));
  co_return kExitOk;
}

Awaitable<int> wait(Context& context, const Arguments& arguments) {
  model::Task task = co_await context.api().task(arguments.get("TASK"));
  const std::string title = task.title;
  task = co_await wait_for_task(context, std::move(task));
  if (context.out.is_table()) {
    context.out.say(fmt::format("{}: done.", title));
  } else {
    context.out.show(json::to_json(task));
  }
  co_return kExitOk;
}

Awaitable<int> cancel(Context& context, const Arguments& arguments) {
  model::Task task = co_await context.api().cancel_task(arguments.get("TASK"));
  const std::string title = task.title;
  std::optional<Error> failure;
  if (!context.globals.no_wait) {
    try {
      task = co_await wait_for_task(context, std::move(task));
    } catch (const Error& error) {
      failure = error;
    }
    // That the task did not succeed is what was asked for.
    const bool lost = failure && (failure->code().starts_with("client.") || failure->code().starts_with("cli."));
    if (lost) throw Error(std::move(*failure));
    task = co_await context.api().task(task.id);
  }
  const bool too_late = task.state == model::TaskState::succeeded;
  if (context.out.is_table()) {
    context.out.say(too_late ? fmt::format("{}: had ended before.", title)
                             : fmt::format("{}: {}.", title, json::enum_name(task.state)));
  } else {
    context.out.show(json::to_json(task));
  }
  co_return too_late ? kExitConflict : kExitOk;
}

}  // namespace

std::vector<Command> task_commands() {
  const PositionalSpec task = {"TASK", "The task's id.", Completes::tasks};
  return {
      {.name = "task list",
       .group = "Tasks and events",
       .summary = "List the tasks, newest first.",
       .options = {{.names = "--state",
                    .value = "STATE",
                    .help = "Only tasks in this state.",
                    .choices = json::enum_names<model::TaskState>()}},
       .examples = {{"visor task list", "all that are remembered"}, {"visor task list --state running", "what goes on now"}},
       .run = task_list},
      {.name = "task info",
       .group = "Tasks and events",
       .summary = "Show a task with its steps and its log.",
       .positionals = {task},
       .examples = {{"visor task info 4f1c", "steps, times, error"}},
       .run = task_info},
      {.name = "task wait",
       .group = "Tasks and events",
       .summary = "Wait until a task has ended; its failure is this command's.",
       .positionals = {task},
       .examples = {{"visor task wait 4f1c --timeout 5m", "exit code 124 when it takes longer"}},
       .run = wait},
      {.name = "task cancel",
       .group = "Tasks and events",
       .summary = "Cancel a task; what it did is undone.",
       .positionals = {task},
       .examples = {{"visor task cancel 4f1c", "and wait until it is undone"}},
       .run = cancel},
  };
}

}  // namespace visor::cli
