// What happens to a request, in this order: is it meant for us, who asks, may he, how large may the body be, what does it
// say. Knows no sockets.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/http.h"
#include "api/router.h"
#include "api/static_files.h"
#include "auth/authenticator.h"

namespace visor::api {

/// A request that was let in on the strength of its head.
struct Admission {
  const Route* route = nullptr;  ///< nullptr: a file of the page
  std::string static_path;       ///< of the page's file
  Request request;               ///< without its body yet
  Bytes body_limit;
  std::string renewed_cookie;  ///< to be sent as Set-Cookie; empty if not
};

class Dispatcher {
 public:
  Dispatcher(const Router& router, auth::Authenticator& authenticator, std::vector<std::string> allowed_hosts,
             std::span<const EmbeddedFile> files)
      : router_(router), authenticator_(authenticator), allowed_hosts_(std::move(allowed_hosts)), files_(files) {}

  /// Throws Error: `auth.host_refused`, `auth.required`, `auth.origin_refused`, `api.not_found`, `api.method`...
  Admission admit(const RequestHead& head, const Peer& peer);
  /// The answer of an admitted request with its body. Throws what the handler throws.
  Awaitable<Response> answer(const Admission& admission);
  /// The problem that says why this request gets nothing, with the header fields that HTTP asks for (Allow...).
  Response refusal(const Error& error, const RequestHead& head) const;

 private:
  std::string allowed_methods(std::string_view target) const;
  void check_host(const RequestHead& head, const Peer& peer) const;
  void check_origin(const RequestHead& head, const Peer& peer) const;
  void authenticate(const RequestHead& head, const Peer& peer, const Router::Match& match, std::string_view query,
                    Admission& admission);
  void redeem_ticket(const Route& route, Admission& admission, std::string_view query);

  const Router& router_;
  auth::Authenticator& authenticator_;
  std::vector<std::string> allowed_hosts_;
  std::span<const EmbeddedFile> files_;
};

}  // namespace visor::api
