#include "visor/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "visor/table.h"
#include "visor/units.h"
#include "visor/width.h"

namespace visor::cli {
namespace {

constexpr std::array kSpinner = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr std::size_t kBarWidth = 24;

std::string elapsed(const model::Step& step, WallTime now) {
  if (!step.started) return {};
  return format_elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(step.ended.value_or(now) - *step.started));
}

bool has_ended(const model::Step& step) {
  return step.state != model::StepState::waiting && step.state != model::StepState::running;
}

}  // namespace

std::string progress_bar(double fraction, std::size_t width) {
  const double clamped = std::clamp(std::isfinite(fraction) ? fraction : 0.0, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(clamped * static_cast<double>(width));
  return fmt::format("[{}{}] {:3.0f} %", std::string(filled, '#'), std::string(width - filled, '.'), std::floor(clamped * 100));
}

std::string ProgressView::finished_line(const model::Step& step) const {
  const char* mark = "✓";
  Color color = Color::green;
  if (step.state == model::StepState::failed) {
    mark = "✗";
    color = Color::red;
  } else if (step.state == model::StepState::undone) {
    mark = "↩";
    color = Color::yellow;
  }
  const std::string time = elapsed(step, step.ended.value_or(step.started.value_or(WallTime())));
  std::string line = paint(mark, color, style_.color) + " " + text::printable(step.title);
  if (!step.detail.empty()) line += ": " + text::printable(step.detail);
  if (!time.empty()) line += paint("  " + time, Color::dim, style_.color);
  return line + "\n";
}

std::string ProgressView::live_lines(const model::Task& task, WallTime now, std::size_t width) {
  std::string out;
  drawn_ = 0;
  const std::string spinner = kSpinner[turn_++ % kSpinner.size()];
  const auto add = [&](const std::string& line) {
    out += shorten(line, width > 1 ? width - 1 : 1) + "\n";
    ++drawn_;
  };
  for (const model::Step& step : task.steps) {
    if (step.state != model::StepState::running) continue;
    std::string line = spinner + " " + text::printable(step.title) + "  " + elapsed(step, now);
    if (!step.detail.empty()) line += "  " + text::printable(step.detail);
    add(line);
  }
  if (drawn_ == 0) add(spinner + " " + text::printable(task.title));
  if (task.progress > 0 && task.progress < 1) add("  " + progress_bar(task.progress, kBarWidth));
  if (!task.waits_for.empty()) add("  waits for " + text::printable(task.waits_for));
  return out;
}

std::string ProgressView::update(const model::Task& task, WallTime now, std::size_t width) {
  std::string out = style_.live ? clear() : std::string();
  for (std::size_t i = 0; i < task.steps.size(); ++i) {
    const model::Step& step = task.steps[i];
    if (has_ended(step) && finished_.insert(i).second) {
      out += finished_line(step);
    } else if (!style_.live && step.state == model::StepState::running && announced_.insert(i).second) {
      out += "… " + text::printable(step.title) + "\n";
    }
  }
  if (style_.live && task.state == model::TaskState::running) out += live_lines(task, now, width);
  return out;
}

std::string ProgressView::clear() {
  std::string out;
  for (; drawn_ > 0; --drawn_) out += "\x1b[1A\x1b[2K";
  return out;
}

}  // namespace visor::cli
