#include "base/id.h"

#include <sys/random.h>

#include <cerrno>

#include "base/error.h"
#include "base/text.h"

namespace visor {
namespace {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  // Requests of up to 256 bytes are never cut short once the kernel's pool is ready (getrandom(2)).
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(count)) throw system_error("getrandom", errno);
  return bytes;
}

}  // namespace

std::string make_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
  const std::string digits = text::hex(bytes);
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" + digits.substr(16, 4) + "-" +
         digits.substr(20);
}

std::string make_secret(unsigned bytes) { return text::hex(random_bytes(bytes)); }

}  // namespace visor
