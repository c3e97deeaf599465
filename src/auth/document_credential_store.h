// Credentials in the daemon's database.
#pragma once

#include "auth/credentials.h"
#include "store/store.h"

namespace visor::auth {

/// Keeps each token and session as one document of the store (kinds "token" and "session"). A document that cannot be read
/// is skipped and logged: a damaged token must not keep the daemon from starting.
class DocumentCredentialStore : public CredentialStore {
 public:
  /// `store` outlives this object.
  explicit DocumentCredentialStore(store::Store& store) : store_(store) {}

  std::vector<TokenRecord> load_tokens() override;
  void save_token(const TokenRecord& token) override;
  void delete_token(const std::string& id) override;
  std::vector<SessionRecord> load_sessions() override;
  void save_session(const SessionRecord& session) override;
  void delete_session(const std::string& hash) override;

 private:
  store::Store& store_;
};

}  // namespace visor::auth
