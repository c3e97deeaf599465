#include "loop/process.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "loop/timeout.h"
#include "os/orphans.h"

namespace visor::loop {
namespace {

using boost::asio::use_awaitable;
using StreamDescriptor = boost::asio::posix::stream_descriptor;

/// The blocking pool belongs to the io_context: it exists once per loop and ends with it.
class PoolService : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;  // NOLINT: the name Asio asks for
  explicit PoolService(boost::asio::execution_context& owner) : service(owner) {}
  boost::asio::thread_pool& pool() { return pool_; }

 private:
  void shutdown() override { pool_.join(); }
  boost::asio::thread_pool pool_{4};
};

/// Collects one output of a command, line by line for whoever wants lines.
struct Collector {
  std::string text;
  std::string partial;
};

void take(Collector& into, std::string_view bytes, const CommandOptions& options) {
  const std::size_t room = options.output_limit.count - std::min<std::size_t>(into.text.size(), options.output_limit.count);
  into.text.append(bytes.substr(0, room));
  if (!options.on_line) return;
  into.partial.append(bytes);
  for (;;) {
    const std::size_t end = into.partial.find_first_of("\n\r");
    if (end == std::string::npos) break;
    if (end > 0) options.on_line(into.partial.substr(0, end));
    into.partial.erase(0, end + 1);
  }
  // A program that never ends its line must not grow this without limit.
  if (into.partial.size() > 65536) into.partial.clear();
}

Awaitable<> drain(os::Fd fd, Collector& into, const CommandOptions& options) {
  StreamDescriptor stream(co_await boost::asio::this_coro::executor, fd.release());
  std::array<char, 16384> buffer;
  for (;;) {
    boost::system::error_code error;
    const std::size_t got =
        co_await stream.async_read_some(boost::asio::buffer(buffer), boost::asio::redirect_error(use_awaitable, error));
    if (error) co_return;
    take(into, {buffer.data(), got}, options);
  }
}

Awaitable<> feed(os::Fd fd, const std::string& input) {
  StreamDescriptor stream(co_await boost::asio::this_coro::executor, fd.release());
  boost::system::error_code error;  // a program may end without reading its input
  co_await boost::asio::async_write(stream, boost::asio::buffer(input), boost::asio::redirect_error(use_awaitable, error));
}

}  // namespace

Awaitable<os::ExitStatus> wait_exit(os::Process& process) {
  StreamDescriptor watch(co_await boost::asio::this_coro::executor, process.duplicate_pidfd().release());
  boost::system::error_code error;
  co_await watch.async_wait(StreamDescriptor::wait_read, boost::asio::redirect_error(use_awaitable, error));
  if (error) throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
  co_return process.reap();
}

Awaitable<CommandResult> run_command(os::Command command, CommandOptions options) {
  const auto executor = co_await boost::asio::this_coro::executor;
  os::Pipe input = os::make_pipe();
  os::Pipe output = os::make_pipe();
  os::Pipe errors = os::make_pipe();
  command.input = std::move(input.read);
  command.output = std::move(output.write);
  command.error = std::move(errors.write);
  command.own_session = true;
  command.environment.insert(os::helper_mark());
  const std::string name = command.program.filename().native();
  os::Process process = os::Process::spawn(command);
  command.input.reset();
  command.output.reset();
  command.error.reset();

  Collector out;
  Collector err;
  TaskGroup pipes(executor);
  pipes.spawn("feed " + name, [&]() -> Awaitable<> { co_await feed(std::move(input.write), options.input); });
  pipes.spawn("read " + name, [&]() -> Awaitable<> { co_await drain(std::move(output.read), out, options); });
  pipes.spawn("read " + name, [&]() -> Awaitable<> { co_await drain(std::move(errors.read), err, options); });
  CommandResult result;
  std::exception_ptr failure;
  try {
    std::function<Awaitable<os::ExitStatus>()> wait = [&process]() -> Awaitable<os::ExitStatus> {
      co_return co_await wait_exit(process);
    };
    result.status = co_await with_timeout<os::ExitStatus>(options.timeout, "The end of " + name, wait);
  } catch (...) {
    failure = std::current_exception();
    process.signal_group(SIGKILL);
    process.signal(SIGKILL);
  }
  // The coroutine may be cancelled: waiting would throw at once, yet the readers still refer to this frame.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  // Until it is gone it holds its locks and may write what the caller is about to look at.
  if (failure) co_await wait_exit(process);
  for (int turn = 0; !failure && pipes.size() > 0 && turn < 20; ++turn)
    co_await sleep_for(std::chrono::milliseconds(turn < 10 ? 1 : 50));
  co_await pipes.close();
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
  if (failure) std::rethrow_exception(failure);
  result.output = std::move(out.text);
  result.error = std::move(err.text);
  co_return result;
}

Awaitable<CommandResult> run_checked(os::Command command, CommandOptions options, std::string code) {
  const std::string name = command.program.filename().native();
  CommandResult result = co_await run_command(std::move(command), std::move(options));
  if (result.status.success()) co_return result;
  std::string tail;
  for (const std::string& line : text::last_lines(result.error, 3)) tail += (tail.empty() ? "" : " / ") + line;
  throw Error(ErrorKind::internal, std::move(code),
              fmt::format("{} failed ({}): {}", name, result.status.text(), tail.empty() ? "no message" : text::printable(tail)));
}

Awaitable<> run_blocking(std::function<void()> work) {
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  auto& context = boost::asio::query(executor, boost::asio::execution::context);
  auto& pool = boost::asio::use_service<PoolService>(context).pool();
  // Work cannot be cancelled, and a signal must not even try: the pool has several threads, so it would arrive on another one
  // than the work runs on, and both would touch the coroutine's cancellation state.
  co_await boost::asio::co_spawn(
      pool,
      [&work]() -> Awaitable<> {
        work();
        co_return;
      },
      boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), use_awaitable));
}

}  // namespace visor::loop
