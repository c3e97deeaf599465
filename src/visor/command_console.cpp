#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "client/websocket.h"
#include "loop/sync.h"
#include "loop/task_group.h"
#include "os/fd.h"
#include "visor/commands.h"
#include "visor/context.h"
#include "visor/escape.h"
#include "visor/exit_code.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

namespace asio = boost::asio;

/// Turns off what a guest may have left on: attributes, mouse reports, bracketed paste, the other screen, a hidden cursor.
constexpr std::string_view kRestoreTerminal = "\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?47l\x1b[?25h";

/// Regular files and /dev/null are always readable and cannot be watched by epoll(7).
bool is_watchable(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || is_terminal(fd);
}

/// Standard input with an open file description of its own where that is possible: asio makes it non-blocking, and a
/// terminal usually shares one description between input and output.
os::Fd own_standard_input() {
  os::Fd own(::open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!own) own = os::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!own) throw system_error("open standard input", errno);
  return own;
}

/// A console between this terminal and the guest, until the key, the end of the machine or the time limit.
class Session {
 public:
  Session(const asio::any_io_executor& executor, std::unique_ptr<client::WebSocket> socket, std::optional<char> key)
      : executor_(executor), socket_(std::move(socket)), detector_(key), ended_(executor), work_(executor) {}

  /// Returns true when the user left and false when the machine's side ended.
  Awaitable<bool> run(std::optional<std::chrono::seconds> limit) {
    work_.spawn("console output", [this] { return show(); });
    work_.spawn("console input", [this] { return type(); });
    const auto start = std::chrono::steady_clock::now();
    bool in_time = true;
    while (!done_ && in_time) {
      co_await ended_.wait(std::chrono::seconds(1));
      in_time = !limit || std::chrono::steady_clock::now() - start < *limit;
    }
    done_ = true;  // what the readers see from here on is our own doing
    co_await work_.close();
    if (failure_) std::rethrow_exception(failure_);
    co_await socket_->close();
    co_return detached_ || !in_time;
  }

 private:
  void finish() {
    done_ = true;
    ended_.notify_all();
  }

  Awaitable<> show() {
    try {
      for (;;) {
        const std::string bytes = co_await socket_->read();
        if (bytes.empty()) break;
        write_standard_output(bytes);
      }
    } catch (...) {
      if (!done_) failure_ = std::current_exception();
    }
    finish();
  }

  Awaitable<> type() {
    if (!is_watchable(STDIN_FILENO)) {
      const std::string all = read_standard_input(std::size_t{16} << 20U);
      if (!all.empty()) co_await socket_->write(all);
      co_return;
    }
    asio::posix::stream_descriptor input(executor_, own_standard_input().release());
    std::array<char, 4096> buffer;
    for (;;) {
      boost::system::error_code error;
      const std::size_t got =
          co_await input.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
      // The end of a pipe ends the typing, not the listening.
      if (error) co_return;
      const EscapeDetector::Found found = detector_.feed({buffer.data(), got});
      if (!found.forward.empty()) co_await socket_->write(found.forward);
      if (!found.detach) continue;
      detached_ = true;
      finish();
      co_return;
    }
  }

  asio::any_io_executor executor_;
  std::unique_ptr<client::WebSocket> socket_;
  EscapeDetector detector_;
  loop::Notifier ended_;
  loop::TaskGroup work_;
  std::exception_ptr failure_;
  bool done_ = false;
  bool detached_ = false;
};

/// Gives standard input back as it was, should it be shared with the shell that started us.
class KeepBlocking {
 public:
  KeepBlocking() : flags_(::fcntl(STDIN_FILENO, F_GETFL)) {}
  ~KeepBlocking() {
    if (flags_ >= 0) ::fcntl(STDIN_FILENO, F_SETFL, flags_);
  }
  KeepBlocking(const KeepBlocking&) = delete;
  KeepBlocking& operator=(const KeepBlocking&) = delete;

 private:
  int flags_;
};

std::string greeting(const std::string& name, const std::string& key) {
  std::string text = fmt::format("Connected to {}.", name);
  if (key != "none") text += fmt::format(" {} leaves.", key == "^]" ? "Ctrl-]" : key);
  // A serial line cannot carry the size of a window.
  if (const auto size = terminal_size(STDOUT_FILENO))
    text += fmt::format(" Window: stty rows {} cols {}", size->rows, size->columns);
  return text;
}

unsigned serial_port(const Arguments& arguments) {
  const std::string text = arguments.get("port", "0");
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '3') return static_cast<unsigned>(text[0] - '0');
  throw usage_error(fmt::format("'{}' is no serial port: they are 0, the console, to 3.", text::printable(text)), "console");
}

Awaitable<int> console(Context& context, const Arguments& arguments) {
  const std::string name = arguments.get("NAME");
  const std::string key_text = arguments.get("escape", "^]");
  const bool interactive = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  // Whoever feeds a pipe may send any byte.
  const std::optional<char> key = interactive || arguments.has("escape") ? parse_escape(key_text) : std::nullopt;
  std::unique_ptr<client::WebSocket> socket = co_await context.api().serial(name, serial_port(arguments));
  const auto executor = co_await asio::this_coro::executor;
  bool left = false;
  if (interactive) context.out.note(greeting(name, key_text));
  {
    const KeepBlocking keep;
    std::unique_ptr<RawTerminal> raw;
    if (interactive) raw = std::make_unique<RawTerminal>(STDIN_FILENO);
    Session session(executor, std::move(socket), key);
    left = co_await session.run(context.globals.timeout);
  }
  if (interactive) {
    write_standard_output(std::string(kRestoreTerminal));
    context.out.note(left ? fmt::format("\nLeft {}; it goes on.", name) : fmt::format("\nThe console of {} has ended.", name));
  }
  co_return kExitOk;
}

}  // namespace

std::vector<Command> console_commands() {
  return {{.name = "console",
           .group = "Enter a machine",
           .summary = "Use the serial console of a machine in this terminal.",
           .description =
               "Begins with what was printed before. Every key goes to the guest but the one that leaves (Ctrl-], or --escape). "
               "A serial line does not carry the window's size: run `resize` or the shown `stty` command in the guest. Without a "
               "terminal, standard input is sent and the output is printed until the machine ends or --timeout is over.",
           .positionals = {{"NAME", "The machine.", Completes::machines}},
           .options = {{.names = "--escape",
                        .value = "KEY",
                        .help = "The key that leaves: ^] (default), ^A, one character, or none."},
                       {.names = "--port", .value = "N", .help = "The serial port: 0, the console (default), to 3."}},
           .examples = {{"visor console hello", "Ctrl-] leaves"},
                        {"visor console hello --escape ^A", "another key, for consoles within consoles"},
                        {"visor console hello --port 1", "its second serial port (ttyS1, COM2)"},
                        {"visor console hello --timeout 5s < /dev/null", "what it printed so far, and five seconds more"}},
           .run = console}};
}

}  // namespace visor::cli
