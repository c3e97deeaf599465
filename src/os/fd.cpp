#include "os/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace visor::os {

void Fd::reset() noexcept {
  // close(2): on Linux the descriptor is gone even when EINTR is reported, so there is nothing to repeat.
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Fd Fd::duplicate() const {
  Fd copy(::fcntl(number_, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw system_error("duplicate a file descriptor", errno);
  return copy;
}

}  // namespace visor::os
