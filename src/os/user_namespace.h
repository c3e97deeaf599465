// A user namespace (user_namespaces(7)): in it a program may be root without being anybody's root on the host.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "os/fd.h"

namespace visor::os {

/// The numbers from `inside` on are those of the host from `outside` on.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 1;
};

/// A namespace whose users and groups are those. For Box::user_namespace; needs root. Throws Error.
Fd make_user_namespace(const std::vector<IdRange>& users, const std::vector<IdRange>& groups);

}  // namespace visor::os
