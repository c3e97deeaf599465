// Limits of this process (getrlimit(2)).
#pragma once

#include <optional>

#include "base/bytes.h"

namespace visor::os {

/// Allows as many open descriptors as the hard limit does. Shells and service managers start programs with 1024 of them, which a
/// daemon with two hundred running machines has used up; programs that use select(2) are why it is not more by itself.
void raise_descriptor_limit();

/// How much memory a program that this one starts may lock (RLIMIT_MEMLOCK); nothing: any amount. Lifts the limit of this process
/// where it has the right to, as root in a container may not have.
std::optional<Bytes> lockable_memory();

}  // namespace visor::os
