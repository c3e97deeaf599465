// Limits of this process (getrlimit(2)).
#pragma once

namespace visor::os {

/// Allows as many open descriptors as the hard limit does. Shells and service managers start programs with 1024 of them, which a
/// daemon with two hundred running machines has used up; programs that use select(2) are why it is not more by itself.
void raise_descriptor_limit();

}  // namespace visor::os
