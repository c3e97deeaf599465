#include "deploy/password.h"

#include <crypt.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/error.h"

namespace visor::deploy {

std::string hash_password(const std::string& password) {
  static constexpr unsigned long kRounds = 65536;
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn("$6$", kRounds, nullptr, 0, setting.data(), setting.size()) == nullptr)
    throw system_error("crypt_gensalt", errno);
  const auto scratch = std::make_unique<crypt_data>();  // 32 KiB: too much for a stack
  const char* hash = crypt_r(password.c_str(), setting.data(), scratch.get());
  if (hash == nullptr || hash[0] == '*') throw system_error("crypt", errno);
  return hash;
}

}  // namespace visor::deploy
