// The routes, one function per subject, and the small things that they share.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "api/messages.h"
#include "api/router.h"
#include "auth/authenticator.h"
#include "base/json.h"
#include "base/json_text.h"
#include "engine/service.h"

namespace visor::api {

/// What routes work with. Outlives the router.
struct Context {
  engine::Service& service;
  auth::Authenticator& authenticator;
  std::function<std::string()> base_url;  ///< "http://127.0.0.1:7077", empty without TCP
};

void add_root_routes(Router& router, Context& context);
void add_machine_routes(Router& router, Context& context);
void add_machine_action_routes(Router& router, Context& context);
void add_machine_view_routes(Router& router, Context& context);
void add_disk_routes(Router& router, Context& context);
void add_snapshot_routes(Router& router, Context& context);
void add_guest_routes(Router& router, Context& context);
void add_console_routes(Router& router, Context& context);
void add_image_routes(Router& router, Context& context);
void add_volume_routes(Router& router, Context& context);
void add_iso_routes(Router& router, Context& context);
void add_task_routes(Router& router, Context& context);
void add_host_routes(Router& router, Context& context);
void add_catalogue_routes(Router& router, Context& context);
void add_auth_routes(Router& router, Context& context);
void add_event_routes(Router& router, Context& context);
/// Last of all: the document describes what the router holds when it is asked for.
void add_openapi_routes(Router& router);
/// All of the above.
void add_routes(Router& router, Context& context);

inline const std::string kBase = "/api/v1";

/// JSON text of `value` as an answer.
template <class T>
Response json_response(const T& value, unsigned status = 200) {
  Response response;
  response.status = status;
  response.body = json::to_text(value);
  return response;
}

/// 202 with the task and where to ask for it.
Response task_response(model::Task task);
/// The RFC 9457 form of an error.
Response problem_response(const Error& error);

/// The request's JSON body. Throws Error for text that is no JSON; an empty body is an empty object when `body` allows it.
boost::json::value json_body(const Request& request);

template <class T>
T read_body(const Request& request) {
  return json::from_json<T>(json_body(request), "request.invalid");
}

template <class T>
Answer ok(Router& router, std::string description) {
  return {200, std::move(description), router.schemas().answer<T>()};
}
/// 202 with a task.
Answer accepted(Router& router);

QueryParameter dry_run_parameter();

}  // namespace visor::api
