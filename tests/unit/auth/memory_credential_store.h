// Credentials that live as long as the test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "auth/credentials.h"

namespace visor::auth {

class MemoryCredentialStore : public CredentialStore {
 public:
  std::vector<TokenRecord> load_tokens() override { return values(tokens); }
  void save_token(const TokenRecord& token) override { tokens[token.id] = token; }
  void delete_token(const std::string& id) override { tokens.erase(id); }
  std::vector<SessionRecord> load_sessions() override { return values(sessions); }
  void save_session(const SessionRecord& session) override { sessions[session.hash] = session; }
  void delete_session(const std::string& hash) override { sessions.erase(hash); }

  std::map<std::string, TokenRecord> tokens;
  std::map<std::string, SessionRecord> sessions;

 private:
  template <class T>
  static std::vector<T> values(const std::map<std::string, T>& from) {
    std::vector<T> list;
    for (const auto& [key, value] : from) list.push_back(value);
    return list;
  }
};

}  // namespace visor::auth
