#include "api/routes.h"

#include "base/text.h"

namespace visor::api {

void add_routes(Router& router, Context& context) {
  add_root_routes(router, context);
  add_machine_routes(router, context);
  add_machine_action_routes(router, context);
  add_machine_view_routes(router, context);
  add_disk_routes(router, context);
  add_snapshot_routes(router, context);
  add_guest_routes(router, context);
  add_console_routes(router, context);
  add_image_routes(router, context);
  add_volume_routes(router, context);
  add_iso_routes(router, context);
  add_task_routes(router, context);
  add_event_routes(router, context);
  add_host_routes(router, context);
  add_catalogue_routes(router, context);
  add_auth_routes(router, context);
  add_openapi_routes(router);
}

Response task_response(model::Task task) {
  const std::string location = kBase + "/tasks/" + task.id;
  Response response = json_response(TaskAnswer{std::move(task)}, 202);
  response.headers.add("Location", location);
  return response;
}

namespace {

/// Refusals by the protocol itself, for which HTTP has a closer status than the error's kind.
void set_protocol_status(model::Problem& problem) {
  if (problem.code == "api.method") {
    problem.status = 405;
    problem.title = "Method Not Allowed";
  } else if (problem.code == "request.content_type") {
    problem.status = 415;
    problem.title = "Unsupported Media Type";
  } else if (problem.code == "request.header_too_large") {
    problem.status = 431;
    problem.title = "Request Header Fields Too Large";
  } else if (problem.code == "websocket.required") {
    problem.status = 426;
    problem.title = "Upgrade Required";
  }
}

}  // namespace

Response problem_response(const Error& error) {
  model::Problem problem = model::to_problem(error);
  set_protocol_status(problem);
  Response response = json_response(problem, problem.status);
  response.content_type = "application/problem+json";
  return response;
}

boost::json::value json_body(const Request& request) {
  if (text::trim(request.body).empty()) return boost::json::object();
  return json::parse(request.body);
}

Answer accepted(Router& router) { return {202, "The work goes on as this task.", router.schemas().answer<TaskAnswer>()}; }

QueryParameter dry_run_parameter() {
  return {.name = "dryRun", .type = QueryParameter::Type::flag, .description = "true: say what would happen, change nothing."};
}

}  // namespace visor::api
