#include "host/processor_load.h"

#include <utility>

namespace visor::host {

void ProcessorLoad::add(const Times& times, Instant now) {
  const auto elapsed = now - at_;
  if (has_reading_ && elapsed < kShortest) return;
  has_figures_ = has_reading_ && elapsed <= kLongest;
  std::map<std::uint32_t, double> percents;
  if (has_figures_) {
    for (const auto& [processor, after] : times) {
      const auto before = times_.find(processor);
      if (before == times_.end()) continue;
      auto percent = cpu_percent(before->second, after);
      // A processor without a tick of its own in that time has slept through it, or its counters stepped back: what was, holds.
      if (!percent) percent = this->percent(processor);
      if (percent) percents[processor] = *percent;
    }
  }
  percents_ = std::move(percents);
  times_ = times;
  at_ = now;
  has_reading_ = true;
}

bool ProcessorLoad::is_fresh(Instant now) const { return has_figures_ && now - at_ <= kLongest; }

std::optional<double> ProcessorLoad::percent(std::uint32_t processor) const {
  const auto found = percents_.find(processor);
  return found == percents_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace visor::host
