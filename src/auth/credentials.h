// What is remembered about those who may come in, and where. Secrets are never stored, only their hashes.
#pragma once

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace visor::auth {

/// An API token as it is stored. `hash` is hash_secret() of the token.
struct TokenRecord {
  std::string id;
  std::string name;
  std::string hash;
  WallTime created;
};
BOOST_DESCRIBE_STRUCT(TokenRecord, (), (id, name, hash, created))

/// A browser session as it is stored. It ends 30 days after `last_seen`.
struct SessionRecord {
  std::string hash;  ///< hash_secret() of the cookie; the key of the record
  std::string user;
  WallTime created;
  WallTime last_seen;
};
BOOST_DESCRIBE_STRUCT(SessionRecord, (), (hash, user, created, last_seen))

/// Where tokens and sessions survive a restart of the daemon. Calls are short and come on the loop's thread; they throw Error.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  virtual std::vector<TokenRecord> load_tokens() = 0;
  virtual void save_token(const TokenRecord& token) = 0;
  virtual void delete_token(const std::string& id) = 0;

  virtual std::vector<SessionRecord> load_sessions() = 0;
  /// Adds the session or replaces the one with the same hash.
  virtual void save_session(const SessionRecord& session) = 0;
  virtual void delete_session(const std::string& hash) = 0;
};

}  // namespace visor::auth
