#include "visor/editor.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"

namespace visor::cli {
namespace {

std::vector<std::string> editor_words() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    if (value == nullptr) continue;
    std::vector<std::string> words = text::split(text::trim(value), ' ');
    std::erase(words, std::string());
    if (!words.empty()) return words;
  }
  for (const char* name : {"sensible-editor", "nano", "vi"}) {
    if (os::find_program(name)) return {name};
  }
  throw Error(ErrorKind::unsupported, "editor.missing", "There is no editor.", "Set EDITOR, or use `visor set`.");
}

/// A file of our own that goes away whatever happens.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& suffix)
      : path_(std::filesystem::temp_directory_path() / ("visor-" + make_secret(8) + suffix)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// A descriptor of the editor's own for one of our standard streams.
os::Fd duplicate_of(int number) {
  os::Fd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw system_error("F_DUPFD", errno);
  return copy;
}

}  // namespace

std::string edit_text(const std::string& text, const std::string& suffix) {
  const TemporaryFile file(suffix);
  os::write_all(os::open_file(file.path(), O_WRONLY | O_CREAT | O_EXCL, 0600).get(), text);
  std::vector<std::string> words = editor_words();
  os::Command command;
  command.program = words.front();
  command.arguments.assign(words.begin() + 1, words.end());
  command.arguments.push_back(file.path().native());
  command.inherit_environment = true;
  command.directory = std::filesystem::current_path();
  command.own_session = false;  // the editor needs our terminal
  command.box.no_new_privileges = false;
  command.input = duplicate_of(STDIN_FILENO);
  command.output = duplicate_of(STDOUT_FILENO);
  command.error = duplicate_of(STDERR_FILENO);
  os::Process process = os::Process::spawn(command);
  const os::ExitStatus status = process.reap();
  if (!status.success()) {
    throw Error(ErrorKind::cancelled, "editor.failed",
                fmt::format("The editor {} ended with {}; nothing was changed.", words.front(), status.text()));
  }
  return os::read_file(file.path());
}

}  // namespace visor::cli
