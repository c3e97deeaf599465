#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/emit.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

constexpr std::uint32_t kReadySeconds = 600;
constexpr std::uint32_t kStopSeconds = 60;

using OneMachine = Awaitable<int> (*)(Context&, const Arguments&, std::string);

/// The same work on every NAME. One that fails does not keep the others from it; the first failure decides the exit code.
Awaitable<int> for_each_name(Context& context, const Arguments& arguments, OneMachine work) {
  const std::vector<std::string> names = arguments.all("NAME");
  if (names.size() == 1) co_return co_await work(context, arguments, names.front());
  int code = kExitOk;
  for (const std::string& name : names) {
    std::optional<Error> failure;
    try {
      co_await work(context, arguments, name);
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) continue;
    if (exit_code(*failure) == kExitInterrupted) throw Error(std::move(*failure));
    context.out.complain(*failure);
    if (code == kExitOk) code = exit_code(*failure);
  }
  co_return code;
}

Awaitable<int> start_one(Context& context, const Arguments& /*arguments*/, std::string name) {
  model::StartRequest request;
  if (context.globals.wait == "ready") request.wait = "ready";
  request.timeout_seconds = kReadySeconds;
  if (context.globals.timeout) request.timeout_seconds = static_cast<std::uint32_t>(context.globals.timeout->count());
  model::Task task = co_await context.api().act(name, "start", json::to_json(request));
  const bool ready = request.wait == "ready";
  Finish finish = {.done = fmt::format("{} {}.", name, ready ? "is ready" : "runs"),
                   .limit = after_daemon(context, request.timeout_seconds)};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

model::StopRequest stop_request(const Context& context, const Arguments& arguments) {
  model::StopRequest request;
  request.force = arguments.has("force");
  request.timeout_seconds = kStopSeconds;
  if (context.globals.timeout) request.timeout_seconds = static_cast<std::uint32_t>(context.globals.timeout->count());
  return request;
}

Awaitable<int> stop_one(Context& context, const Arguments& arguments, std::string name) {
  const model::StopRequest request = stop_request(context, arguments);
  model::Task task = co_await context.api().act(name, "stop", json::to_json(request));
  Finish finish = {.done = fmt::format("{} is stopped.", name), .limit = after_daemon(context, request.timeout_seconds)};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

Awaitable<int> restart_one(Context& context, const Arguments& arguments, std::string name) {
  const model::StopRequest request = stop_request(context, arguments);
  model::Task task = co_await context.api().act(name, "restart", json::to_json(request));
  Finish finish = {.done = fmt::format("{} has been restarted.", name), .limit = after_daemon(context, request.timeout_seconds)};
  co_return co_await finish_task(context, std::move(task), std::move(finish));
}

/// An action without a body.
Awaitable<int> act(Context& context, std::string name, std::string action, std::string done) {
  model::Task task = co_await context.api().act(name, std::move(action), nullptr);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("{} {}.", name, done)});
}

Awaitable<int> reset_one(Context& context, const Arguments& /*arguments*/, std::string name) {
  return act(context, std::move(name), "reset", "has been reset");
}
Awaitable<int> pause_one(Context& context, const Arguments& /*arguments*/, std::string name) {
  return act(context, std::move(name), "pause", "is paused");
}
Awaitable<int> resume_one(Context& context, const Arguments& /*arguments*/, std::string name) {
  return act(context, std::move(name), "resume", "runs again");
}
Awaitable<int> save_one(Context& context, const Arguments& /*arguments*/, std::string name) {
  return act(context, std::move(name), "save", "is saved; `visor start` goes on where it was");
}

Awaitable<int> start(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, start_one); }
Awaitable<int> stop(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, stop_one); }
Awaitable<int> restart(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, restart_one); }
Awaitable<int> reset(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, reset_one); }
Awaitable<int> pause(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, pause_one); }
Awaitable<int> resume(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, resume_one); }
Awaitable<int> save(Context& context, const Arguments& arguments) { return for_each_name(context, arguments, save_one); }

Awaitable<int> rename(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const std::string new_name = arguments.get("NEWNAME");
  const boost::json::value body = {{"name", new_name}};
  model::Task task = co_await context.api().act(name, "rename", body);
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("{} is now called {}.", name, new_name)});
}

/// What deleting the machines takes away, as text for the question and as JSON for a dry run.
struct Removal {
  std::string text;
  boost::json::array data;
};

Awaitable<Removal> preview(Context& context, std::vector<std::string> names) {
  Removal removal;
  for (const std::string& name : names) {
    const model::RemovalPreview what = co_await context.api().preview_remove(name);
    removal.text += fmt::format("machine {}{}\n", text::printable(name), what.protected_ ? " (protected against deletion)" : "");
    for (const std::string& path : what.removes) removal.text += "  " + text::printable(path) + "\n";
    boost::json::object entry = json::to_json(what).get_object();
    entry["name"] = name;
    removal.data.push_back(std::move(entry));
  }
  co_return removal;
}

Awaitable<int> delete_one(Context& context, const Arguments& arguments, std::string name) {
  model::Task task = co_await context.api().remove(name, arguments.has("force"));
  co_return co_await finish_task(context, std::move(task), {.done = fmt::format("{} is deleted.", name)});
}

Awaitable<int> remove(Context& context, const Arguments& arguments) {
  const std::vector<std::string> names = arguments.all("NAME");
  if (context.globals.dry_run) {
    const Removal removal = co_await preview(context, names);
    if (context.out.is_table()) {
      context.out.print("Would be removed:\n" + removal.text);
    } else {
      context.out.show(removal.data);
    }
    co_return kExitOk;
  }
  if (!context.globals.yes) {
    const Removal removal = co_await preview(context, names);
    if (!is_terminal(STDIN_FILENO)) {
      throw usage_error("`visor delete` needs --yes when nobody can be asked.", "delete");
    }
    std::fputs(("This will be removed:\n" + removal.text).c_str(), stderr);
    if (!confirm("Delete?")) throw Error(ErrorKind::cancelled, "cli.declined", "Nothing was deleted.");
  }
  co_return co_await for_each_name(context, arguments, delete_one);
}

const PositionalSpec kNames = {"NAME", "The machines.", Completes::machines, true, true};

Command simple(const char* name, const char* summary, const char* example, Awaitable<int> (*run)(Context&, const Arguments&)) {
  return {
      .name = name,
      .group = "Power",
      .summary = summary,
      .positionals = {kNames},
      .examples = {{fmt::format("visor {} hello", name), example}, {fmt::format("visor {} web1 web2", name), "several at once"}},
      .run = run};
}

std::vector<Command> stopping_commands() {
  const OptionSpec force = {.names = "--force",
                            .help = "Do not ask the guest: switch it off at once. Unsaved data in it is lost."};
  return {
      {.name = "stop",
       .group = "Power",
       .summary = "Shut machines down: ask the guest and wait.",
       .description = "A guest that does not shut down within --timeout (default 60s) is left running; --force switches it off.",
       .positionals = {kNames},
       .options = {force},
       .examples = {{"visor stop hello", "shut down, wait for at most a minute"},
                    {"visor stop hello --timeout 5m", "give a slow guest more time"},
                    {"visor stop hello --force", "switch off"}},
       .run = stop},
      {.name = "restart",
       .group = "Power",
       .summary = "Shut machines down and start them again, with the changes that wait for the next start.",
       .positionals = {kNames},
       .options = {force},
       .examples = {{"visor restart hello", "restart"}, {"visor restart hello --force", "without asking the guest"}},
       .run = restart},
  };
}

}  // namespace

std::vector<Command> power_commands() {
  std::vector<Command> commands = {
      {.name = "start",
       .group = "Power",
       .summary = "Start machines, or go on with saved ones.",
       .description =
           "Returns when the machine runs. With --wait=ready it returns when the guest agent has answered or cloud-init has "
           "finished, within --timeout (default 10m).",
       .positionals = {kNames},
       .examples = {{"visor start hello", "returns when QEMU runs it"},
                    {"visor start hello --wait=ready", "returns when the guest is ready"},
                    {"visor start hello --wait=ready --timeout 2m", "exit code 124 when that takes longer"}},
       .run = start},
  };
  for (Command& command : stopping_commands()) commands.push_back(std::move(command));
  commands.push_back(
      simple("reset", "Press the reset button: unsaved data in the guest is lost.", "like the button on the case", reset));
  commands.push_back(simple("pause", "Freeze machines; they keep their memory.", "stop its processors", pause));
  commands.push_back(simple("resume", "Let paused machines run again.", "let it run", resume));
  commands.push_back(
      simple("save", "Save machines to disk and stop them; `visor start` goes on where they were.", "memory to disk", save));
  commands.push_back(
      {.name = "rename",
       .group = "Machines",
       .summary = "Give a machine another name.",
       .positionals = {{"NAME", "The machine.", Completes::machines}, {"NEWNAME", "Its new name: 1-63 of a-z 0-9 -."}},
       .examples = {{"visor rename hello web1", "hello is now web1"}},
       .run = rename});
  commands.push_back(
      {.name = "delete",
       .group = "Machines",
       .summary = "Delete machines with their disks.",
       .description = "Lists what will be removed and asks; without a terminal --yes is needed. Files of yours that a machine "
                      "used (ISO images, disks by path) stay. Protected machines are refused.",
       .positionals = {kNames},
       .options = {{.names = "--force", .help = "Also when it runs: it is switched off."}},
       .examples = {{"visor delete hello --dry-run", "what would be removed"},
                    {"visor delete hello", "asks"},
                    {"visor delete web1 web2 --force --yes", "running or not, without a question"}},
       .dry_run = true,
       .run = remove});
  return commands;
}

}  // namespace visor::cli
