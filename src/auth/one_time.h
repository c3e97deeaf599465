// Secrets that work once and for a short time: login codes, tickets of WebSockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace visor::auth {

/// Issued secrets, each bound to a purpose ("login", "screen of machine x") and a user. Kept in memory only, hashed.
class OneTimeSecrets {
 public:
  /// Secrets live for `lifetime`; beyond `limit` living ones the one that ends first is dropped.
  OneTimeSecrets(std::chrono::milliseconds lifetime, std::size_t limit) : lifetime_(lifetime), limit_(limit) {}

  struct Issued {
    std::string secret;
    WallTime expires;
  };
  Issued issue(std::string purpose, std::string user, WallTime now);
  /// The user it was issued for, when it is known, alive and for this purpose. It is used up by any try, so that a secret
  /// that was sent to the wrong place is worthless afterwards.
  std::optional<std::string> redeem(std::string_view secret, std::string_view purpose, WallTime now);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string purpose;
    std::string user;
    WallTime expires;
  };
  void drop_expired(WallTime now);

  std::chrono::milliseconds lifetime_;
  std::size_t limit_;
  std::map<std::string, Entry> entries_;  ///< by hash
};

}  // namespace visor::auth
