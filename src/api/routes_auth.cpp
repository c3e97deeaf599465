// Login, sessions and tokens.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "api/cookies.h"
#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kAuthTag = "auth";

TokenInfo info_of(const auth::TokenRecord& record) { return {record.id, record.name, record.created}; }

void add_login_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/auth/login",
              .id = "logIn",
              .tag = kAuthTag,
              .summary = "Trades a login code for a session cookie",
              .access = Access::everyone,
              .body = RequestBody{router.schemas().request<LoginRequest>({"code"})},
              .answers = {ok<LoginAnswer>(router, "Who is logged in; the cookie is in Set-Cookie.")},
              .body_limit = 4_KiB,
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const auto login = context.authenticator.log_in(read_body<LoginRequest>(request).code, request.peer.address);
                Response response = json_response(LoginAnswer{login.user});
                response.headers.add("Set-Cookie", session_cookie(login.cookie));
                co_return response;
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/auth/logout",
              .id = "logOut",
              .tag = kAuthTag,
              .summary = "Ends the session of the cookie",
              .answers = {{204, "The session is over.", {}, ""}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                context.authenticator.log_out(request.session_cookie);
                Response response;
                response.status = 204;
                response.headers.add("Set-Cookie", ended_session_cookie());
                co_return response;
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/auth/session",
              .id = "getSession",
              .tag = kAuthTag,
              .summary = "Who is asking, and how that is known",
              .answers = {ok<SessionInfo>(router, "The user.")},
              .handler = [](const Request& request) -> Awaitable<Response> {
                co_return json_response(SessionInfo{request.principal.user, json::enum_name(request.principal.via)});
              }});
}

void add_login_link_route(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/auth/login-links",
              .id = "createLoginLink",
              .tag = kAuthTag,
              .summary = "A link that logs a browser in, once within 10 minutes",
              .answers = {ok<LoginLink>(router, "The link.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                const std::string base = context.base_url();
                if (base.empty()) {
                  throw Error(ErrorKind::unavailable, "auth.no_page",
                              "This daemon does not listen on TCP, so there is no page to log in to.",
                              "Start visord with --listen 127.0.0.1:7077.");
                }
                const auto code = context.authenticator.make_login_code();
                co_return json_response(LoginLink{base + "/login?code=" + code.secret, code.expires});
              }});
}

void add_token_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/tokens",
              .id = "listTokens",
              .tag = kAuthTag,
              .summary = "API tokens, oldest first, without their secrets",
              .answers = {ok<TokenList>(router, "The tokens.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                TokenList list;
                for (const auth::TokenRecord& record : context.authenticator.tokens()) list.tokens.push_back(info_of(record));
                co_return json_response(list);
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/tokens",
              .id = "createToken",
              .tag = kAuthTag,
              .summary = "Makes an API token; the answer is the only one that holds it",
              .body = RequestBody{router.schemas().request<TokenRequest>({"name"})},
              .answers = {{201, "The token.", router.schemas().answer<NewToken>()}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const auto made = context.authenticator.create_token(read_body<TokenRequest>(request).name);
                co_return json_response(NewToken{made.record.id, made.record.name, made.record.created, made.token}, 201);
              }});
  router.add({.method = Method::delete_,
              .pattern = kBase + "/tokens/{id}",
              .id = "deleteToken",
              .tag = kAuthTag,
              .summary = "Deletes an API token; it stops working at once",
              .answers = {{204, "The token is gone.", {}, ""}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                context.authenticator.delete_token(request.parameter("id"));
                Response response;
                response.status = 204;
                co_return response;
              }});
}

}  // namespace

void add_auth_routes(Router& router, Context& context) {
  add_login_routes(router, context);
  add_login_link_route(router, context);
  add_token_routes(router, context);
}

}  // namespace visor::api
