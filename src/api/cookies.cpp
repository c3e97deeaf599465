#include "api/cookies.h"

#include <fmt/format.h>

#include <chrono>

#include "auth/authenticator.h"

namespace visor::api {

std::string session_cookie(std::string_view secret) {
  constexpr auto kAge = std::chrono::duration_cast<std::chrono::seconds>(auth::kSessionLifetime).count();
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict", kSessionCookie, secret, kAge);
}

std::string ended_session_cookie() { return fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", kSessionCookie); }

}  // namespace visor::api
