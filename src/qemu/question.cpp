#include "qemu/question.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"
#include "base/text.h"
#include "loop/process.h"
#include "loop/task_group.h"
#include "os/unix_socket.h"
#include "qmp/commands.h"

namespace visor::qemu {
namespace {

constexpr std::chrono::seconds kAskTimeout{20};
/// The monitor's end in the child.
constexpr int kMonitorDescriptor = 3;

os::Command question(const std::filesystem::path& program, const std::vector<std::string>& more) {
  os::Command command;
  command.program = program;
  command.arguments = {"-nodefaults",
                       "-no-user-config",
                       "-machine",
                       "none",
                       "-S",
                       "-display",
                       "none",
                       "-chardev",
                       fmt::format("socket,id=monitor,fd={}", kMonitorDescriptor),
                       "-mon",
                       "chardev=monitor,mode=control"};
  command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  return command;
}

/// What came of the talk with QEMU.
struct Talk {
  bool complete = false;
  std::exception_ptr refused;  ///< QEMU answered, but not what was asked for
};

/// Asks everything and only then ends QEMU: at `quit` it drops answers that have not been read yet.
Awaitable<> talk_with(os::Fd socket, const std::function<Awaitable<>(qmp::Client&)>& ask, Talk& talk) {
  const std::unique_ptr<qmp::Client> client = co_await qmp::Client::adopt(std::move(socket), kAskTimeout);
  try {
    co_await ask(*client);
    talk.complete = true;
  } catch (...) {
    talk.refused = std::current_exception();
  }
  co_await qmp::quit(*client);
  co_await client->close();
}

}  // namespace

Awaitable<> ask_program(std::filesystem::path program, std::vector<std::string> arguments,
                        std::function<Awaitable<>(qmp::Client&)> ask) {
  auto [ours, theirs] = os::socket_pair();
  os::Command command = question(program, arguments);
  command.descriptors = {{theirs.get(), kMonitorDescriptor}};
  loop::CommandOptions options;
  options.timeout = kAskTimeout;
  Talk talk;
  std::exception_ptr failure;
  loop::CommandResult result;
  loop::TaskGroup talking(co_await boost::asio::this_coro::executor);
  talking.spawn("ask QEMU", [&talk, &ask, socket = std::make_shared<os::Fd>(std::move(ours))]() -> Awaitable<> {
    co_await talk_with(std::move(*socket), ask, talk);
  });
  try {
    result = co_await loop::run_command(std::move(command), std::move(options));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await talking.close();
  if (failure) std::rethrow_exception(failure);
  if (talk.complete) co_return;
  // A monitor that was cut off tells less than QEMU's own words do.
  if (talk.refused && result.status.success()) std::rethrow_exception(talk.refused);
  throw Error(
      ErrorKind::unavailable, "qemu.broken",
      fmt::format("{} does not run ({}): {}", program.native(), result.status.text(), text::printable(text::trim(result.error))),
      "Reinstall the package of QEMU.");
}

}  // namespace visor::qemu
