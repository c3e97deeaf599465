// Identifiers and random tokens.
#pragma once

#include <string>

namespace visor {

/// A random version 4 UUID in lower case (RFC 9562 section 5.4).
std::string make_uuid();
/// `bytes` bytes from the kernel's random generator as lower-case hex: for tickets, codes and tokens.
std::string make_secret(unsigned bytes = 24);

}  // namespace visor
