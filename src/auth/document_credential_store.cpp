#include "auth/document_credential_store.h"

#include "base/json.h"
#include "base/log.h"

namespace visor::auth {
namespace {

constexpr std::string_view kTokens = "token";
constexpr std::string_view kSessions = "session";

template <class Record>
std::vector<Record> load(store::Store& store, std::string_view kind) {
  std::vector<Record> records;
  for (const store::Document& document : store.load(kind)) {
    try {
      records.push_back(json::from_json<Record>(json::parse(document.text), "store.corrupt"));
    } catch (const Error& error) {
      log::error("{} {} in the database is unreadable and ignored: {}", kind, document.id, error.what());
    }
  }
  return records;
}

template <class Record>
std::string text_of(const Record& record) {
  return boost::json::serialize(json::to_json(record));
}

}  // namespace

std::vector<TokenRecord> DocumentCredentialStore::load_tokens() { return load<TokenRecord>(store_, kTokens); }
void DocumentCredentialStore::save_token(const TokenRecord& token) { store_.put(kTokens, token.id, text_of(token)); }
void DocumentCredentialStore::delete_token(const std::string& id) { store_.erase(kTokens, id); }

std::vector<SessionRecord> DocumentCredentialStore::load_sessions() { return load<SessionRecord>(store_, kSessions); }
void DocumentCredentialStore::save_session(const SessionRecord& session) {
  store_.put(kSessions, session.hash, text_of(session));
}
void DocumentCredentialStore::delete_session(const std::string& hash) { store_.erase(kSessions, hash); }

}  // namespace visor::auth
