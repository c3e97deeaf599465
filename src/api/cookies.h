// The session cookie.
#pragma once

#include <string>
#include <string_view>

namespace visor::api {

inline constexpr std::string_view kSessionCookie = "visor_session";

/// The Set-Cookie header that starts or renews a session: out of reach of scripts and of requests that other sites cause.
std::string session_cookie(std::string_view secret);
/// The Set-Cookie header that removes it.
std::string ended_session_cookie();

}  // namespace visor::api
