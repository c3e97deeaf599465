// Where results and messages go, in the format that the user asked for.
#pragma once

#include <boost/json/value.hpp>

#include <string>

#include "base/error.h"
#include "visor/command.h"
#include "visor/table.h"

namespace visor::cli {

/// Results go to standard output in the chosen format; messages to standard error, so that a pipe gets results only.
class Output {
 public:
  explicit Output(const Globals& globals);

  Format format() const noexcept { return format_; }
  bool is_table() const noexcept { return format_ == Format::table; }
  const Canvas& canvas() const noexcept { return canvas_; }
  /// Standard error is a terminal that may be redrawn.
  bool live() const noexcept { return live_; }
  bool quiet() const noexcept { return quiet_; }
  /// Whether progress is shown: not to a program that reads standard error.
  bool shows_progress() const noexcept { return !quiet_ && (live_ || is_table()); }
  bool error_color() const noexcept { return error_color_; }
  /// Columns of the terminal behind standard error, read anew because windows change.
  std::size_t error_width() const;

  /// A result: `table` for people and CSV, `data` for JSON and YAML.
  void show(const boost::json::value& data, const Table& table) const;
  void show(const boost::json::value& data, const Details& details) const;
  /// JSON, YAML or CSV; for table, indented JSON.
  void show(const boost::json::value& data) const;
  /// Text for standard output as it is.
  void print(const std::string& text) const;
  /// What was done, for people: standard output in table format, nothing otherwise or when quiet.
  void say(const std::string& sentence) const;
  /// A message on standard error, not when quiet.
  void note(const std::string& sentence) const;
  /// What went wrong, on standard error: for people, or with JSON and YAML the problem with its code.
  void complain(const Error& error) const;

 private:
  Format format_;
  bool quiet_;
  bool live_;
  bool error_color_;
  Canvas canvas_;
};

}  // namespace visor::cli
