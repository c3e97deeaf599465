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

}  // namespace visor::os
