#include "auth/one_time.h"

#include <algorithm>
#include <utility>

#include "auth/secrets.h"
#include "base/id.h"

namespace visor::auth {

OneTimeSecrets::Issued OneTimeSecrets::issue(std::string purpose, std::string user, WallTime now) {
  drop_expired(now);
  if (entries_.size() >= limit_) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                    [](const auto& a, const auto& b) { return a.second.expires < b.second.expires; }));
  }
  Issued issued{make_secret(32), now + lifetime_};
  entries_.emplace(hash_secret(issued.secret), Entry{std::move(purpose), std::move(user), issued.expires});
  return issued;
}

std::optional<std::string> OneTimeSecrets::redeem(std::string_view secret, std::string_view purpose, WallTime now) {
  drop_expired(now);
  const auto found = entries_.find(hash_secret(secret));
  if (found == entries_.end()) return std::nullopt;
  const Entry entry = std::move(found->second);
  entries_.erase(found);
  if (entry.purpose != purpose) return std::nullopt;
  return entry.user;
}

void OneTimeSecrets::drop_expired(WallTime now) {
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.expires <= now; });
}

}  // namespace visor::auth
