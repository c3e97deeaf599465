// How the host's memory is shared out among machines whose memory is dynamic. Numbers in, numbers out: no machine is touched here.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/memory_report.h"

namespace visor::engine {

/// One machine as the policy sees it.
struct MemoryGuest {
  Bytes assigned;  ///< what it has been given
  Bytes used;      ///< what it needs, by its own word: without caches that it would give up
  Bytes resident;  ///< of the host, that it occupies
  Bytes minimum;
  Bytes maximum;
  std::uint32_t buffer_percent = 20;
  std::uint32_t weight = 100;
  std::uint32_t quiet_rounds = 0;  ///< for how long it has been wanting clearly less than it has
};

struct MemoryHost {
  Bytes total;
  Bytes available;      ///< MemAvailable
  Bytes promised;       ///< to machines whose memory is not dynamic, which have not used it yet
  double pressure = 0;  ///< percent of the last ten seconds in which something waited for memory (PSI, "some avg10")
};

/// What a machine gets from now on.
struct MemoryDecision {
  Bytes target;
  model::MemoryReason reason = model::MemoryReason::steady;
};

/// What the host keeps for itself.
Bytes host_reserve(const MemoryHost& host);

/// Whether the machine has clearly more than it wants; rounds in which it is so are counted by the caller.
bool wants_less(const MemoryGuest& guest);

/// One decision per guest, in their order. No guest gets less than its minimum or more than its maximum; together they get no more
/// than leaves the host its reserve, unless the minimums alone are more. With enough memory each gets what it uses and its buffer:
/// more at once, less only after a while and step by step. Without, buffers shrink by weight, then all comes down to the minimums.
std::vector<MemoryDecision> share_memory(const MemoryHost& host, const std::vector<MemoryGuest>& guests);

}  // namespace visor::engine
