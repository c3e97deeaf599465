#include "api/dispatcher.h"

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "api/cookies.h"
#include "api/routes.h"
#include "auth/origin.h"
#include "base/text.h"

namespace visor::api {
namespace {

bool is_api(std::string_view path) {
  return path == "/api" || path.starts_with("/api/") || path == "/metrics" || path == "/openapi.json";
}

Error method_refused(const std::vector<Method>& allowed) {
  std::string list;
  for (const Method method : allowed) list += (list.empty() ? "" : ", ") + std::string(to_string(method));
  return {ErrorKind::invalid, "api.method", fmt::format("This path takes {} only.", list)};
}

Error login_required() {
  return {ErrorKind::unauthorized, "auth.required", "Nobody is logged in.",
          "Open a login link (`visor web`), or send a token as 'Authorization: Bearer TOKEN'."};
}

/// The token of an Authorization header; nothing when there is none of that scheme.
std::optional<std::string_view> bearer(std::string_view field) {
  constexpr std::string_view kScheme = "bearer ";
  if (field.size() < kScheme.size() || !has_token(field.substr(0, kScheme.size() - 1), "bearer")) return std::nullopt;
  return text::trim(field.substr(kScheme.size()));
}

bool is_json(std::string_view content_type) {
  const std::string_view type = text::trim(content_type.substr(0, content_type.find(';')));
  return has_token(type, "application/json") || has_token(type, "application/merge-patch+json");
}

/// Pages of other sites can make a browser send forms and plain text, but no JSON, without asking us first.
void check_content_type(const Admission& admission) {
  const Request& request = admission.request;
  if (admission.route == nullptr || !admission.route->body || admission.route->body->schema.empty() || request.body.empty())
    return;
  if (request.principal.via == auth::Via::cookie && !is_json(request.headers.find("Content-Type"))) {
    throw Error(ErrorKind::invalid, "request.content_type", "The body must be sent as application/json.");
  }
}

}  // namespace

void Dispatcher::check_host(const RequestHead& head, const Peer& peer) const {
  if (peer.local) return;
  if (head.headers.count("Host") == 1 && auth::host_allowed(head.headers.find("Host"), allowed_hosts_, peer.local_address))
    return;
  throw Error(ErrorKind::forbidden, "auth.host_refused",
              fmt::format("'{}' is not a name of this daemon.", text::printable(head.headers.find("Host"))),
              "Use the address that it listens on, or start visord with --allow-host and this name.");
}

void Dispatcher::check_origin(const RequestHead& head, const Peer& peer) const {
  if (peer.local || !head.headers.contains("Origin")) return;
  const bool own =
      head.headers.count("Origin") == 1 && auth::origin_matches(head.headers.find("Origin"), head.headers.find("Host"));
  if (own) return;
  throw Error(ErrorKind::forbidden, "auth.origin_refused",
              fmt::format("A page of '{}' may not do this.", text::printable(head.headers.find("Origin"))));
}

void Dispatcher::redeem_ticket(const Route& route, Admission& admission, std::string_view query) {
  const auto values = parse_query(query, route.query);
  const auto ticket = values.find("ticket");
  std::optional<auth::Principal> principal;
  if (ticket != values.end()) {
    principal = authenticator_.redeem_ticket(ticket->second, admission.request.parameters.at("name"), route.ticket_kind);
  }
  if (!principal) {
    throw Error(ErrorKind::unauthorized, "auth.ticket_refused",
                "A valid ticket is needed: it works once, within 10 seconds, for one machine.",
                "Ask for one by POST .../tickets right before connecting.");
  }
  admission.request.principal = *principal;
}

void Dispatcher::authenticate(const RequestHead& head, const Peer& peer, const Router::Match& match, std::string_view query,
                              Admission& admission) {
  Request& request = admission.request;
  request.session_cookie = std::string(find_cookie(head.headers.find("Cookie"), kSessionCookie));
  if (peer.trusted) {
    request.principal = {std::string(auth::kAdmin), auth::Via::socket};
    return;
  }
  if (match.route != nullptr && match.route->access == Access::everyone) return;
  if (match.route != nullptr && !match.route->ticket_kind.empty()) return redeem_ticket(*match.route, admission, query);
  if (head.headers.contains("Authorization")) {
    const auto token = bearer(head.headers.find("Authorization"));
    const auto principal = token ? authenticator_.by_token(*token, peer.address) : std::nullopt;
    if (!principal) throw Error(ErrorKind::unauthorized, "auth.token_refused", "This token is not valid.");
    request.principal = *principal;
    return;
  }
  const auto use = request.session_cookie.empty() ? std::nullopt : authenticator_.by_session(request.session_cookie);
  if (!use) throw login_required();
  request.principal = use->principal;
  if (use->renewed) admission.renewed_cookie = session_cookie(request.session_cookie);
}

Admission Dispatcher::admit(const RequestHead& head, const Peer& peer) {
  check_host(head, peer);
  const Target target = split_target(head.target);
  const std::optional<Method> method = method_from(head.method);
  Admission admission;
  admission.request.peer = peer;
  admission.request.headers = head.headers;
  if (!is_api(target.path)) {
    if (method != Method::get) throw method_refused({Method::get});
    admission.static_path = std::string(target.path);
    return admission;
  }
  Router::Match match = router_.match(method.value_or(Method::get), target.path);
  if (!method) match.route = nullptr;
  admission.request.parameters = std::move(match.parameters);
  authenticate(head, peer, match, target.query, admission);
  if (method != Method::get || head.websocket) check_origin(head, peer);
  if (match.route == nullptr) {
    if (!match.allowed.empty()) throw method_refused(match.allowed);
    throw Error(ErrorKind::not_found, "api.not_found", fmt::format("There is nothing at '{}'.", text::printable(target.path)),
                "GET /api/v1/openapi.json lists all paths.");
  }
  admission.route = match.route;
  admission.request.method = *method;
  if (match.route->access == Access::local && !peer.trusted) {
    throw Error(ErrorKind::forbidden, "auth.local_only", "This is answered on the unix socket only.");
  }
  if (!match.route->handler && !match.route->stream && !head.websocket) {
    throw Error(ErrorKind::invalid, "websocket.required", "This path is a WebSocket: connect with 'Upgrade: websocket'.");
  }
  admission.request.query = parse_query(target.query, match.route->query);
  admission.body_limit = match.route->body ? match.route->body_limit : Bytes{65536};
  return admission;
}

Response Dispatcher::refusal(const Error& error, const RequestHead& head) const {
  Response response = problem_response(error);
  if (response.status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"visor\"");
  if (error.code() == "auth.throttled") response.headers.add("Retry-After", "30");
  if (error.code() == "websocket.required") response.headers.add("Upgrade", "websocket");
  if (error.code() == "api.method") response.headers.add("Allow", allowed_methods(head.target));
  return response;
}

std::string Dispatcher::allowed_methods(std::string_view target) const {
  const std::string_view path = split_target(target).path;
  if (!is_api(path)) return "GET, HEAD";
  std::string list;
  for (const Method method : router_.match(Method::get, path).allowed) {
    list += (list.empty() ? "" : ", ") + std::string(to_string(method));
  }
  return list;
}

Awaitable<Response> Dispatcher::answer(const Admission& admission) {
  if (admission.route == nullptr) {
    co_return serve_static(files_, admission.static_path, admission.request.headers);
  }
  check_content_type(admission);
  co_return co_await admission.route->handler(admission.request);
}

}  // namespace visor::api
