// Password hashes for the guest's /etc/shadow.
#pragma once

#include <string>

namespace visor::deploy {

/// A salted SHA-512 crypt hash ("$6$..."), the one form that every Linux guest understands. Takes some 50 ms of CPU: call it on
/// the blocking pool. Throws Error when the system cannot make one.
std::string hash_password(const std::string& password);

}  // namespace visor::deploy
