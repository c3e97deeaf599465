#include <sys/stat.h>

#include "api/server_fixture.h"

namespace visor::api {
namespace {

class SecurityTest : public ServerFixture {
 protected:
  /// "/api/v1/machines/{name}" with something for each parameter.
  static std::string concrete(const std::string& pattern) {
    std::string path;
    bool inside = false;
    for (const char c : pattern) {
      if (c == '{') path += "hello";
      inside = c == '{' || (inside && c != '}');
      if (!inside && c != '}') path += c;
    }
    return path;
  }
};

TEST_F(SecurityTest, NoRouteAnswersStrangersOnTcp) {
  std::size_t open = 0;
  for (const Route& route : server.router().routes()) {
    const Reply reply = tcp().request(std::string(to_string(route.method)), concrete(route.pattern));
    if (route.access == Access::everyone) {
      ++open;
      continue;
    }
    EXPECT_EQ(reply.status, 401U) << to_string(route.method) << " " << route.pattern;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_NE(reply.header("www-authenticate"), "");
    if (route.ticket_kind.empty()) EXPECT_EQ(reply.code(), "auth.required");
  }
  EXPECT_EQ(open, 1U) << "only the login is for everyone";
  EXPECT_EQ(tcp().request("GET", "/api/v1/no/such/thing").status, 401U) << "strangers learn nothing about paths";
}

TEST_F(SecurityTest, NoWebSocketOpensForStrangersOnTcp) {
  for (const Route& route : server.router().routes()) {
    if (!route.websocket) continue;
    for (const char* query : {"", "?ticket=guess"}) {
      if (route.ticket_kind.empty() && *query != '\0') continue;
      Client client = tcp();
      EXPECT_EQ(WebSocketClient(client, concrete(route.pattern) + query).reply.status, 401U) << route.pattern << query;
    }
  }
}

TEST_F(SecurityTest, PeerOfTheUnixSocketNeedsNoLogin) {
  const Reply reply = local().request("GET", "/api/v1/auth/session");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.json().at("via"), "socket");
}

TEST_F(SecurityTest, TokenLetsInUntilItIsDeleted) {
  const boost::json::value made = local().request("POST", "/api/v1/tokens", R"({"name":"ci"})").json();
  const HeaderList header{{"Authorization", "Bearer " + std::string(made.at("token").as_string())}};
  EXPECT_EQ(tcp().request("GET", "/api/v1/auth/session", "", header).json().at("via"), "token");
  const Reply list = local().request("GET", "/api/v1/tokens");
  EXPECT_EQ(list.json().at("tokens").as_array().size(), 1U);
  EXPECT_EQ(list.body.find("visor_"), std::string::npos) << "a list of tokens must not hold one";
  EXPECT_EQ(local().request("DELETE", "/api/v1/tokens/" + std::string(made.at("id").as_string())).status, 204U);
  const Reply refused = tcp().request("GET", "/api/v1/auth/session", "", header);
  EXPECT_EQ(refused.status, 401U);
  EXPECT_EQ(refused.code(), "auth.token_refused");
}

TEST_F(SecurityTest, LoginLinkGivesACookieThatScriptsAndOtherSitesCannotUse) {
  const boost::json::value link = local().request("POST", "/api/v1/auth/login-links").json();
  const std::string url(link.at("url").as_string());
  ASSERT_TRUE(url.starts_with(server.base_url() + "/login?code=")) << url;
  const std::string body = R"({"code":")" + url.substr(url.find('=') + 1) + R"("})";
  const Reply reply = tcp().request("POST", "/api/v1/auth/login", body);
  EXPECT_EQ(reply.status, 200U);
  const std::string cookie = reply.header("set-cookie");
  for (const char* part : {"visor_session=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << part << " in " << cookie;
  }
  const Reply again = tcp().request("POST", "/api/v1/auth/login", body);
  EXPECT_EQ(again.status, 401U);
  EXPECT_EQ(again.code(), "auth.code_refused");
  const HeaderList header{{"Cookie", cookie.substr(0, cookie.find(';'))}};
  EXPECT_EQ(tcp().request("GET", "/api/v1/auth/session", "", header).json().at("via"), "cookie");
  EXPECT_EQ(tcp().request("POST", "/api/v1/auth/logout", "", header).status, 204U);
  EXPECT_EQ(tcp().request("GET", "/api/v1/auth/session", "", header).status, 401U);
}

TEST_F(SecurityTest, ReboundNamesGetNothingNotEvenThePage) {
  for (const char* path : {"/", "/api/v1", "/metrics"}) {
    const Reply reply = tcp().request("GET", path, "", {{"Host", "evil.example:7077"}});
    EXPECT_EQ(reply.status, 403U) << path;
    EXPECT_EQ(reply.code(), "auth.host_refused");
  }
  EXPECT_EQ(tcp().request("GET", "/", "", {{"Host", "localhost"}, {"Host", "evil.example"}}).status, 403U);
  EXPECT_EQ(tcp().request("GET", "/", "", {{"Host", "localhost:1"}}).status, 200U) << "a tunnel has another port";
}

TEST_F(SecurityTest, PagesOfOthersCannotWriteWithTheUsersCookie) {
  const std::string cookie = log_in();
  Client client = tcp();
  for (const std::string& origin :
       {std::string("http://evil.example"), std::string("null"), "http://localhost:" + std::to_string(server.port())}) {
    const Reply reply = client.request("POST", "/api/v1/machines/hello/actions/start", "{}",
                                       {{"Cookie", cookie}, {"Origin", origin}, {"Content-Type", "application/json"}});
    EXPECT_EQ(reply.status, 403U) << origin;
    EXPECT_EQ(reply.code(), "auth.origin_refused");
    client = tcp();
  }
  const HeaderList own{{"Cookie", cookie}, {"Origin", "http://" + client.host()}, {"Content-Type", "application/json"}};
  EXPECT_EQ(client.request("POST", "/api/v1/machines/hello/actions/start", "{}", own).status, 202U);
}

TEST_F(SecurityTest, PagesOfOthersCannotOpenWebSockets) {
  const std::string cookie = log_in();
  Client client = tcp();
  EXPECT_EQ(WebSocketClient(client, "/api/v1/events", {{"Cookie", cookie}, {"Origin", "http://evil.example"}}).reply.status,
            403U);
}

TEST_F(SecurityTest, FormsOfOtherSitesAreNoJson) {
  const HeaderList header{{"Cookie", log_in()}, {"Content-Type", "text/plain"}};
  const Reply reply = tcp().request("POST", "/api/v1/machines/hello/actions/start", "{}", header);
  EXPECT_EQ(reply.status, 415U);
  EXPECT_EQ(reply.code(), "request.content_type");
}

TEST_F(SecurityTest, SshKeysAreForThisHostOnly) {
  EXPECT_EQ(local().request("GET", "/api/v1/machines/hello/ssh").status, 200U);
  const Reply reply = tcp().request("GET", "/api/v1/machines/hello/ssh", "", token_header());
  EXPECT_EQ(reply.status, 403U);
  EXPECT_EQ(reply.code(), "auth.local_only");
}

TEST_F(SecurityTest, GuessingLoginCodesIsSlowedDown) {
  unsigned status = 0;
  for (int i = 0; i < 12; ++i) status = tcp().request("POST", "/api/v1/auth/login", R"({"code":"guess"})").status;
  EXPECT_EQ(status, 503U);
}

TEST_F(SecurityTest, SocketIsForItsOwnerOnly) {
  struct stat status {};
  ASSERT_EQ(::lstat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::lstat(socket_path().parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(SecurityTest, AnswersCannotActAsPages) {
  const Reply reply = local().request("GET", "/api/v1/machines/hello/files?path=/etc/hostname");
  EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.header("content-disposition"), "attachment");
  EXPECT_NE(reply.header("content-security-policy").find("sandbox"), std::string::npos);
  EXPECT_EQ(reply.header("cache-control"), "no-store");
}

}  // namespace
}  // namespace visor::api
