// Long blocking work with progress and a way to stop it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "loop/awaitable.h"

namespace visor::storage {

/// What blocking work on a thread of the pool and its waiter on the loop share.
struct Meter {
  std::atomic<std::uint64_t> done{0};   ///< bytes
  std::atomic<std::uint64_t> total{0};  ///< bytes, 0 while unknown
  std::atomic<bool> stop{false};

  /// Throws Error{cancelled} when the waiter has gone.
  void check() const;
};

/// Runs `work` on the blocking pool; `report` is called on the loop a few times a second. When the caller is cancelled, the work is
/// told by Meter::stop, and has ended before Error{cancelled} is thrown. Both functions stay alive until then.
Awaitable<> run_metered(std::string name, std::function<void(Meter&)> work, std::function<void(const Meter&)> report);

/// "12 MiB of 100 MiB, 48 MiB/s, 2 s left", for one job.
class RateText {
 public:
  std::string text(std::uint64_t done, std::uint64_t total);

 private:
  double started_ = 0;
  std::uint64_t first_ = 0;
};

}  // namespace visor::storage
