#include "os/limits.h"

#include <sys/resource.h>

#include <cerrno>

#include "base/error.h"

namespace visor::os {

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("getrlimit", errno);
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("setrlimit", errno);
}

std::optional<Bytes> lockable_memory() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) throw system_error("getrlimit", errno);
  if (limit.rlim_max == RLIM_INFINITY) return std::nullopt;
  const rlimit lifted{limit.rlim_cur, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &lifted) == 0) return std::nullopt;
  return Bytes{limit.rlim_max};
}

}  // namespace visor::os
