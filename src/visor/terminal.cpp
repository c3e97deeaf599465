#include "visor/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::cli {

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

std::optional<TerminalSize> terminal_size(int fd) noexcept {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return TerminalSize{size.ws_col, size.ws_row};
}

RawTerminal::RawTerminal(int fd) : fd_(fd) {
  if (::tcgetattr(fd_, &before_) != 0) throw system_error("tcgetattr", errno);
  termios raw = before_;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd_, TCSADRAIN, &raw) != 0) throw system_error("tcsetattr", errno);
}

RawTerminal::~RawTerminal() { ::tcsetattr(fd_, TCSADRAIN, &before_); }

bool confirm(const std::string& question) {
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::fflush(stderr);
  std::string answer;
  for (;;) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    if (answer.size() < 16) answer += c;
  }
  const std::string_view word = text::trim(answer);
  return word == "y" || word == "Y" || word == "yes";
}

std::string read_standard_input(std::size_t limit) {
  std::string all;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read standard input", errno);
    if (got == 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
    if (all.size() > limit) {
      throw Error(ErrorKind::too_large, "input.too_large",
                  fmt::format("Standard input has more than {}.", format_bytes(Bytes{limit})));
    }
  }
}

std::string read_input_file(const std::string& path, std::size_t limit) {
  return path == "-" ? read_standard_input(limit) : os::read_file(path, Bytes{limit});
}

void write_standard_output(const std::string& bytes) {
  std::fflush(stdout);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor may have made it non-blocking.
      pollfd entry{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&entry, 1, 1000);
    } else if (errno != EINTR) {
      throw system_error("write to standard output", errno);
    }
  }
}

}  // namespace visor::cli
