// How the steps of a task look while one waits for it.
#pragma once

#include <set>
#include <string>

#include "base/time.h"
#include "model/task.h"

namespace visor::cli {

/// "[#####.....] 50 %" in `width` columns.
std::string progress_bar(double fraction, std::size_t width);

/// Makes the text that brings the screen up to date. On a terminal finished steps scroll up as lines of their own and one
/// line per running step is redrawn below them; elsewhere each step is one line when it starts and one when it ends.
class ProgressView {
 public:
  struct Style {
    bool live = false;  ///< a terminal that can be redrawn
    bool color = false;
  };
  explicit ProgressView(Style style) : style_(style) {}

  /// What to write now; empty when nothing has changed. `width`: columns of the terminal.
  std::string update(const model::Task& task, WallTime now, std::size_t width);
  /// Takes the redrawn lines away, before other text is printed.
  std::string clear();

 private:
  std::string finished_line(const model::Step& step) const;
  std::string live_lines(const model::Task& task, WallTime now, std::size_t width);

  Style style_;
  std::set<std::size_t> announced_;
  std::set<std::size_t> finished_;
  std::size_t drawn_ = 0;
  unsigned turn_ = 0;
};

}  // namespace visor::cli
