// What dynamic memory does with a machine, and why.
#pragma once

#include <boost/describe.hpp>

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace visor::model {

/// Why a machine is given another amount: its guest needs more, its guest needs less, the host is short. steady: it is not.
BOOST_DEFINE_ENUM_CLASS(MemoryReason, steady, growing, resting, shortage)

/// One change of what a machine is given.
struct MemoryChange {
  WallTime time;
  Bytes from;
  Bytes to;
  Bytes used;            ///< by the guest, at that moment
  Bytes host_available;  ///< of the host, at that moment
  MemoryReason reason = MemoryReason::steady;
};
BOOST_DESCRIBE_STRUCT(MemoryChange, (), (time, from, to, used, host_available, reason))

/// Answer of GET /machines/{name}/memory.
struct MemoryReport {
  bool dynamic = false;
  Bytes minimum;
  Bytes maximum;
  std::optional<Bytes> assigned;      ///< what it is given; nothing while it does not run
  std::optional<Bytes> used;          ///< what its guest uses; nothing until its driver tells
  std::optional<Bytes> merged;        ///< held once together with equal pages (KSM); nothing where the kernel does not tell
  Bytes host_available;               ///< memory of the host that is free or can be freed at once
  Bytes host_reserve;                 ///< what the host keeps for itself
  double host_pressure = 0;           ///< percent of the last ten seconds in which something waited for memory
  std::vector<MemoryChange> changes;  ///< the last hundred, oldest first
};
BOOST_DESCRIBE_STRUCT(MemoryReport, (),
                      (dynamic, minimum, maximum, assigned, used, merged, host_available, host_reserve, host_pressure, changes))

}  // namespace visor::model
