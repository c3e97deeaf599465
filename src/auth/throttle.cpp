#include "auth/throttle.h"

#include <algorithm>

namespace visor::auth {

std::chrono::milliseconds Throttle::wait_for(const std::string& source, WallTime now) const {
  const auto found = sources_.find(source);
  if (found == sources_.end() || found->second.blocked_until <= now) return {};
  return std::chrono::ceil<std::chrono::milliseconds>(found->second.blocked_until - now);
}

void Throttle::failed(const std::string& source, WallTime now) {
  if (last_sweep_ + kSweepEvery <= now) {
    std::erase_if(sources_, [now](const auto& entry) { return entry.second.last + kMemory < now; });
    last_sweep_ = now;
  }
  if (sources_.size() >= kMaxSources && !sources_.contains(source)) {
    sources_.erase(std::min_element(sources_.begin(), sources_.end(),
                                    [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  Source& entry = sources_[source];
  ++entry.failures;
  entry.last = now;
  if (entry.failures <= kFreeFailures) return;
  const unsigned doublings = std::min(entry.failures - kFreeFailures - 1, 5U);
  entry.blocked_until = now + std::min(std::chrono::seconds(1U << doublings), kLongestWait);
}

void Throttle::succeeded(const std::string& source) { sources_.erase(source); }

}  // namespace visor::auth
