// The terminal of the user.
#pragma once

#include <termios.h>

#include <cstddef>
#include <optional>
#include <string>

namespace visor::cli {

bool is_terminal(int fd) noexcept;

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};
/// The size of the terminal behind `fd`; nothing when there is none.
std::optional<TerminalSize> terminal_size(int fd) noexcept;

/// Every key goes to the program as it is, until destruction.
class RawTerminal {
 public:
  /// Throws Error when `fd` is no terminal.
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int fd_;
  termios before_{};
};

/// Asks on standard error and reads a line of standard input: true for "y" or "yes".
bool confirm(const std::string& question);

/// All of standard input, at most `limit` bytes (Error `input.too_large` beyond).
std::string read_standard_input(std::size_t limit);

/// A whole file, or standard input for "-".
std::string read_input_file(const std::string& path, std::size_t limit);

/// Writes bytes as they are to standard output; throws Error when that fails (disk full, closed pipe).
void write_standard_output(const std::string& bytes);

}  // namespace visor::cli
