#include "auth/authenticator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "auth/secrets.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace visor::auth {
namespace {

constexpr std::size_t kMaxTokens = 200;
constexpr std::size_t kMaxSessions = 200;
/// How often a session in use is written down: its 30 days are not counted to the second.
constexpr std::chrono::hours kRenewAfter{1};

std::string ticket_purpose(const std::string& machine, const std::string& kind) { return kind + " " + machine; }

Error code_refused() {
  return {ErrorKind::unauthorized, "auth.code_refused",
          "This login code is not valid: it is wrong, used or older than 10 minutes.", "`visor web` prints a new login link."};
}

void check_token_name(const std::string& name) {
  Validation validation;
  const bool printable =
      text::is_utf8(name) && std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > 63 || !printable) {
    validation.refuse("name", "name", "A token's name is 1 to 63 bytes of text without control characters.");
  }
  validation.throw_if_failed("token.invalid");
}

}  // namespace

Authenticator::Authenticator(CredentialStore& store, std::function<WallTime()> now) : store_(store), now_(std::move(now)) {
  for (TokenRecord& token : store_.load_tokens()) {
    std::string hash = token.hash;
    tokens_.emplace(std::move(hash), std::move(token));
  }
  for (SessionRecord& session : store_.load_sessions()) {
    std::string hash = session.hash;
    sessions_.emplace(std::move(hash), std::move(session));
  }
  drop_expired_sessions();
}

std::optional<Principal> Authenticator::by_token(std::string_view token, const std::string& source) {
  const std::string hash = hash_secret(token);
  const auto found = tokens_.find(hash);
  if (found == tokens_.end() || !equal_secrets(found->second.hash, hash)) {
    throttle_.failed(source, now_());
    return std::nullopt;
  }
  return Principal{std::string(kAdmin), Via::token};
}

std::optional<Authenticator::SessionUse> Authenticator::by_session(std::string_view cookie) {
  const std::string hash = hash_secret(cookie);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end() || !equal_secrets(found->second.hash, hash)) return std::nullopt;
  SessionRecord& session = found->second;
  const WallTime now = now_();
  if (session.last_seen + kSessionLifetime <= now) {
    store_.delete_session(session.hash);
    sessions_.erase(found);
    return std::nullopt;
  }
  SessionUse use{{session.user, Via::cookie}, session.last_seen + kRenewAfter <= now};
  if (use.renewed) {
    session.last_seen = now;
    store_.save_session(session);
  }
  return use;
}

OneTimeSecrets::Issued Authenticator::make_login_code() { return codes_.issue("login", std::string(kAdmin), now_()); }

Authenticator::Login Authenticator::log_in(std::string_view code, const std::string& source) {
  const WallTime now = now_();
  if (const auto wait = throttle_.wait_for(source, now); wait.count() > 0) {
    throw Error(ErrorKind::unavailable, "auth.throttled", "Too many failed logins from this address.",
                fmt::format("Wait {} s and try again.", std::chrono::ceil<std::chrono::seconds>(wait).count()));
  }
  const std::optional<std::string> user = codes_.redeem(code, "login", now);
  if (!user) {
    throttle_.failed(source, now);
    log::warning("login refused for {}", source);
    throw code_refused();
  }
  throttle_.succeeded(source);
  drop_expired_sessions();
  if (sessions_.size() >= kMaxSessions) {
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(),
                                         [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; });
    store_.delete_session(oldest->first);
    sessions_.erase(oldest);
  }
  Login login{*user, make_secret(32)};
  SessionRecord session{hash_secret(login.cookie), *user, now, now};
  store_.save_session(session);
  sessions_.emplace(session.hash, session);
  log::info("{} logged in from {}", login.user, source);
  return login;
}

void Authenticator::log_out(std::string_view cookie) {
  const auto found = sessions_.find(hash_secret(cookie));
  if (found == sessions_.end()) return;
  store_.delete_session(found->first);
  sessions_.erase(found);
}

OneTimeSecrets::Issued Authenticator::make_ticket(const std::string& machine, const std::string& kind,
                                                  const Principal& principal) {
  return tickets_.issue(ticket_purpose(machine, kind), principal.user, now_());
}

std::optional<Principal> Authenticator::redeem_ticket(std::string_view ticket, const std::string& machine,
                                                      const std::string& kind) {
  std::optional<std::string> user = tickets_.redeem(ticket, ticket_purpose(machine, kind), now_());
  if (!user) return std::nullopt;
  return Principal{std::move(*user), Via::ticket};
}

Authenticator::NewToken Authenticator::create_token(const std::string& name) {
  check_token_name(name);
  if (tokens_.size() >= kMaxTokens) {
    throw Error(ErrorKind::conflict, "token.too_many", fmt::format("There are {} tokens already.", tokens_.size()),
                "Delete the ones that nobody uses.");
  }
  for (const auto& [hash, token] : tokens_) {
    if (token.name == name)
      throw Error(ErrorKind::conflict, "token.exists", fmt::format("There is a token named '{}' already.", name));
  }
  NewToken made;
  made.token = "visor_" + make_secret(32);
  made.record = {make_uuid(), name, hash_secret(made.token), now_()};
  store_.save_token(made.record);
  tokens_.emplace(made.record.hash, made.record);
  return made;
}

std::vector<TokenRecord> Authenticator::tokens() const {
  std::vector<TokenRecord> list;
  list.reserve(tokens_.size());
  for (const auto& [hash, token] : tokens_) list.push_back(token);
  std::sort(list.begin(), list.end(),
            [](const TokenRecord& a, const TokenRecord& b) { return std::tie(a.created, a.id) < std::tie(b.created, b.id); });
  return list;
}

void Authenticator::delete_token(const std::string& id) {
  const auto found = std::find_if(tokens_.begin(), tokens_.end(), [&](const auto& entry) { return entry.second.id == id; });
  if (found == tokens_.end()) {
    throw Error(ErrorKind::not_found, "token.not_found", fmt::format("There is no token with the id '{}'.", text::printable(id)));
  }
  store_.delete_token(id);
  tokens_.erase(found);
}

void Authenticator::drop_expired_sessions() {
  const WallTime now = now_();
  std::erase_if(sessions_, [&](const auto& entry) {
    if (entry.second.last_seen + kSessionLifetime > now) return false;
    store_.delete_session(entry.first);
    return true;
  });
}

}  // namespace visor::auth
