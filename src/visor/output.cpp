#include "visor/output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "model/task.h"
#include "visor/emit.h"
#include "visor/exit_code.h"
#include "visor/terminal.h"

namespace visor::cli {
namespace {

bool wants_color(const std::string& when, int fd) {
  if (when != "auto") return when == "always";
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  const char* term = std::getenv("TERM");          // NOLINT(concurrency-mt-unsafe)
  const bool refused = no_color != nullptr && *no_color != '\0';
  return !refused && is_terminal(fd) && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace

Output::Output(const Globals& globals)
    : format_(globals.format),
      quiet_(globals.quiet),
      live_(is_terminal(STDERR_FILENO)),
      error_color_(wants_color(globals.color, STDERR_FILENO)) {
  if (const auto size = terminal_size(STDOUT_FILENO)) canvas_.width = size->columns;
  canvas_.color = wants_color(globals.color, STDOUT_FILENO);
}

std::size_t Output::error_width() const {
  const auto size = terminal_size(STDERR_FILENO);
  return size ? size->columns : TerminalSize().columns;
}

void Output::show(const boost::json::value& data, const Table& table) const {
  if (format_ == Format::table) return print(render(table, canvas_));
  if (format_ == Format::csv) return print(render_csv(table));
  show(data);
}

void Output::show(const boost::json::value& data, const Details& details) const {
  if (format_ == Format::table) return print(render(details, canvas_));
  show(data);
}

void Output::show(const boost::json::value& data) const {
  if (format_ == Format::yaml) return print(to_yaml(data));
  if (format_ == Format::csv) return print(to_csv(data));
  print(json::pretty(data) + "\n");
}

void Output::print(const std::string& text) const { write_standard_output(text); }

void Output::say(const std::string& sentence) const {
  if (is_table() && !quiet_) print(sentence + "\n");
}

void Output::note(const std::string& sentence) const {
  if (!quiet_) std::fprintf(stderr, "%s\n", sentence.c_str());
}

void Output::complain(const Error& error) const {
  std::string text;
  if (format_ == Format::json || format_ == Format::yaml) {
    const boost::json::value problem = json::to_json(model::to_problem(error));
    text = format_ == Format::yaml ? to_yaml(problem) : json::pretty(problem) + "\n";
  } else {
    text = format_error(error, error_color_);
  }
  std::fputs(text.c_str(), stderr);
}

}  // namespace visor::cli
