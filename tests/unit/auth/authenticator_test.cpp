#include "auth/authenticator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "auth/memory_credential_store.h"
#include "auth/secrets.h"
#include "base/error.h"

namespace visor::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AuthenticatorTest : public testing::Test {
 protected:
  MemoryCredentialStore store;
  WallTime now = parse_time("2026-01-31T12:00:00Z");
  std::function<WallTime()> clock = [this] { return now; };
  Authenticator authenticator{store, clock};

  std::string refused_code(const std::string& code, const std::string& source = "10.0.0.1") {
    try {
      authenticator.log_in(code, source);
    } catch (const Error& error) {
      return error.code() + ": " + error.what();
    }
    return "";
  }
};

TEST_F(AuthenticatorTest, TokenOpensTheDoorAlsoAfterARestart) {
  const Authenticator::NewToken made = authenticator.create_token("ci");
  ASSERT_TRUE(authenticator.by_token(made.token, "x"));
  Authenticator restarted(store, clock);
  const auto principal = restarted.by_token(made.token, "x");
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->user, "admin");
  EXPECT_EQ(principal->via, Via::token);
}

TEST_F(AuthenticatorTest, StoreNeverHoldsASecretThatOpensTheDoor) {
  const Authenticator::NewToken made = authenticator.create_token("ci");
  const auto login = authenticator.log_in(authenticator.make_login_code().secret, "x");
  for (const auto& [id, token] : store.tokens) {
    EXPECT_EQ(token.hash.find(made.token), std::string::npos);
    EXPECT_FALSE(authenticator.by_token(token.hash, "x"));
  }
  for (const auto& [hash, session] : store.sessions) {
    EXPECT_NE(hash, login.cookie);
    EXPECT_FALSE(authenticator.by_session(hash));
  }
}

TEST_F(AuthenticatorTest, DeletedTokenIsWorthlessAtOnceAndAfterARestart) {
  const Authenticator::NewToken made = authenticator.create_token("ci");
  authenticator.delete_token(made.record.id);
  EXPECT_FALSE(authenticator.by_token(made.token, "x"));
  EXPECT_FALSE(Authenticator(store, clock).by_token(made.token, "x"));
  EXPECT_THROW(authenticator.delete_token(made.record.id), Error);
}

TEST_F(AuthenticatorTest, RightTokenWorksWhileSomebodyElseGuesses) {
  const Authenticator::NewToken made = authenticator.create_token("ci");
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(authenticator.by_token("visor_wrong", "127.0.0.1"));
  EXPECT_TRUE(authenticator.by_token(made.token, "127.0.0.1"));
}

TEST_F(AuthenticatorTest, TokenNamesAreCheckedAndUnique) {
  EXPECT_THROW(authenticator.create_token(""), Error);
  EXPECT_THROW(authenticator.create_token("a\nb"), Error);
  EXPECT_THROW(authenticator.create_token(std::string(64, 'a')), Error);
  EXPECT_THROW(authenticator.create_token("\xff"), Error);
  authenticator.create_token("ci");
  EXPECT_THROW(authenticator.create_token("ci"), Error);
}

TEST_F(AuthenticatorTest, LoginCodeWorksOnce) {
  const std::string code = authenticator.make_login_code().secret;
  const auto login = authenticator.log_in(code, "10.0.0.1");
  EXPECT_EQ(login.user, "admin");
  EXPECT_TRUE(authenticator.by_session(login.cookie));
  EXPECT_NE(refused_code(code), "");
}

TEST_F(AuthenticatorTest, UnknownUsedAndOldCodesGetTheSameAnswer) {
  const std::string used = authenticator.make_login_code().secret;
  authenticator.log_in(used, "10.0.0.1");
  const std::string old = authenticator.make_login_code().secret;
  now += kLoginCodeLifetime;
  const std::string answer = refused_code("nobody knows this", "a");
  EXPECT_TRUE(answer.starts_with("auth.code_refused"));
  EXPECT_EQ(refused_code(used, "b"), answer);
  EXPECT_EQ(refused_code(old, "c"), answer);
}

TEST_F(AuthenticatorTest, GuessingIsSlowedDownPerAddress) {
  for (unsigned i = 0; i <= Throttle::kFreeFailures; ++i) EXPECT_TRUE(refused_code("guess").starts_with("auth.code_refused"));
  EXPECT_TRUE(refused_code("guess").starts_with("auth.throttled"));
  const std::string code = authenticator.make_login_code().secret;
  EXPECT_TRUE(refused_code(code).starts_with("auth.throttled"));
  EXPECT_NO_THROW(authenticator.log_in(authenticator.make_login_code().secret, "10.0.0.2"));
  now += seconds(2);
  EXPECT_NO_THROW(authenticator.log_in(code, "10.0.0.1"));
}

TEST_F(AuthenticatorTest, SessionLivesThirtyDaysFromItsLastUseAndOverARestart) {
  const auto login = authenticator.log_in(authenticator.make_login_code().secret, "x");
  now += hours(24 * 29);
  Authenticator restarted(store, clock);
  auto use = restarted.by_session(login.cookie);
  ASSERT_TRUE(use);
  EXPECT_TRUE(use->renewed);
  EXPECT_FALSE(restarted.by_session(login.cookie)->renewed);
  now += hours(24 * 29);
  EXPECT_TRUE(restarted.by_session(login.cookie));
  now += kSessionLifetime;
  EXPECT_FALSE(restarted.by_session(login.cookie));
  EXPECT_TRUE(store.sessions.empty());
}

TEST_F(AuthenticatorTest, LogoutEndsTheSessionForGood) {
  const auto login = authenticator.log_in(authenticator.make_login_code().secret, "x");
  authenticator.log_out(login.cookie);
  EXPECT_FALSE(authenticator.by_session(login.cookie));
  EXPECT_FALSE(Authenticator(store, clock).by_session(login.cookie));
}

TEST_F(AuthenticatorTest, TicketOpensOneConsoleOfOneMachineOnceWithinTenSeconds) {
  const Principal user{"admin", Via::cookie};
  const auto take = [&] { return authenticator.make_ticket("web", "screen", user).secret; };
  const std::string good = take();
  EXPECT_TRUE(authenticator.redeem_ticket(good, "web", "screen"));
  EXPECT_FALSE(authenticator.redeem_ticket(good, "web", "screen"));
  EXPECT_FALSE(authenticator.redeem_ticket(take(), "db", "screen"));
  EXPECT_FALSE(authenticator.redeem_ticket(take(), "web", "serial"));
  const std::string late = take();
  now += kTicketLifetime;
  EXPECT_FALSE(authenticator.redeem_ticket(late, "web", "screen"));
}

TEST_F(AuthenticatorTest, TicketIsUsedUpByATryAtTheWrongMachine) {
  const std::string ticket = authenticator.make_ticket("web", "screen", {"admin", Via::cookie}).secret;
  EXPECT_FALSE(authenticator.redeem_ticket(ticket, "db", "screen"));
  EXPECT_FALSE(authenticator.redeem_ticket(ticket, "web", "screen"));
}

TEST(OneTimeSecretsTest, FloodOfRequestsCannotFillTheMemory) {
  OneTimeSecrets secrets(seconds(10), 8);
  for (int i = 0; i < 100; ++i) secrets.issue("p", "u", WallTime(seconds(i / 100)));
  EXPECT_LE(secrets.size(), 8U);
}

TEST(ThrottleTest, WaitsDoubleUpToAnEndAndAreForgotten) {
  Throttle throttle;
  WallTime now{};
  for (unsigned i = 0; i < Throttle::kFreeFailures; ++i) throttle.failed("a", now);
  EXPECT_EQ(throttle.wait_for("a", now), seconds(0));
  throttle.failed("a", now);
  EXPECT_EQ(throttle.wait_for("a", now), seconds(1));
  throttle.failed("a", now);
  EXPECT_EQ(throttle.wait_for("a", now), seconds(2));
  for (int i = 0; i < 40; ++i) throttle.failed("a", now);
  EXPECT_EQ(throttle.wait_for("a", now), Throttle::kLongestWait);
  now += minutes(11);
  throttle.failed("b", now);
  EXPECT_EQ(throttle.size(), 1U);
  for (int i = 0; i < 1200; ++i) throttle.failed(std::to_string(i), now);
  EXPECT_LE(throttle.size(), Throttle::kMaxSources);
}

TEST(SecretsTest, HashIsBlake2bAndComparisonIsExact) {
  // RFC 7693's function with 32 bytes of output on "abc", as `b2sum -l 256` prints it.
  EXPECT_EQ(hash_secret("abc"), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "abcd"));
}

}  // namespace
}  // namespace visor::auth
