#include "auth/secrets.h"

#include <sodium.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace visor::auth {

std::string hash_secret(std::string_view secret) {
  if (sodium_init() < 0) throw Error(ErrorKind::internal, "auth.no_crypto", "The cryptographic library did not start.");
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nullptr, 0);
  return text::hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace visor::auth
