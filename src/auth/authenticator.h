// Who may come in: API tokens, browser sessions, login codes and tickets.
#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "auth/one_time.h"
#include "auth/throttle.h"
#include "base/time.h"

namespace visor::auth {

/// How somebody proved who he is.
BOOST_DEFINE_ENUM_CLASS(Via, socket, token, cookie, ticket)

struct Principal {
  std::string user;
  Via via = Via::socket;
};

/// The one user of an instance so far; whoever comes in is him.
inline constexpr std::string_view kAdmin = "admin";
inline constexpr std::chrono::hours kSessionLifetime{24 * 30};
inline constexpr std::chrono::minutes kLoginCodeLifetime{10};
inline constexpr std::chrono::seconds kTicketLifetime{10};

/// Single thread (the loop's). Secrets leave it exactly once, when they are made.
class Authenticator {
 public:
  /// Loads what `store` remembers. `store` outlives this object; `now` is the clock (tests move it).
  explicit Authenticator(CredentialStore& store, std::function<WallTime()> now = std::chrono::system_clock::now);

  /// The bearer of an API token, or nothing. A wrong token counts as a failure of `source`, but a right one is always let
  /// in: automation must not be locked out by somebody else on the same address.
  std::optional<Principal> by_token(std::string_view token, const std::string& source);

  struct SessionUse {
    Principal principal;
    bool renewed = false;  ///< its 30 days began anew: send the cookie again
  };
  /// The user of a session cookie, or nothing.
  std::optional<SessionUse> by_session(std::string_view cookie);

  OneTimeSecrets::Issued make_login_code();
  struct Login {
    std::string user;
    std::string cookie;
  };
  /// Trades a login code for a session. Throws Error `auth.code_refused` (the same for unknown, used and expired codes) or
  /// `auth.throttled`.
  Login log_in(std::string_view code, const std::string& source);
  /// Ends a session; fine if there is none.
  void log_out(std::string_view cookie);

  /// A ticket for one WebSocket of one machine; `kind` is "screen" or "serial".
  OneTimeSecrets::Issued make_ticket(const std::string& machine, const std::string& kind, const Principal& principal);
  std::optional<Principal> redeem_ticket(std::string_view ticket, const std::string& machine, const std::string& kind);

  struct NewToken {
    TokenRecord record;
    std::string token;
  };
  /// Throws Error{validation} for a bad name, `token.exists` for one in use, `token.too_many` beyond 200.
  NewToken create_token(const std::string& name);
  /// Oldest first.
  std::vector<TokenRecord> tokens() const;
  /// Throws Error `token.not_found`.
  void delete_token(const std::string& id);

 private:
  void drop_expired_sessions();

  CredentialStore& store_;
  std::function<WallTime()> now_;
  std::map<std::string, TokenRecord> tokens_;      ///< by hash
  std::map<std::string, SessionRecord> sessions_;  ///< by hash
  OneTimeSecrets codes_{kLoginCodeLifetime, 64};
  OneTimeSecrets tickets_{kTicketLifetime, 1024};
  Throttle throttle_;
};

}  // namespace visor::auth
