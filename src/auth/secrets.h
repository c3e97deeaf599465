// Hashing and comparing of secrets (libsodium).
#pragma once

#include <string>
#include <string_view>

namespace visor::auth {

/// BLAKE2b-256 of `secret` as hex. Our secrets are 32 random bytes, so a fast hash without salt is enough: there is
/// nothing to guess, and the hash can be looked up.
std::string hash_secret(std::string_view secret);
/// Comparison whose time depends on the lengths only.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace visor::auth
