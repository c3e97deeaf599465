// POST /machines/{name}/actions/...
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {
namespace {

/// An action whose request is a T.
template <class T>
void add_action(Router& router, Context& context, const std::string& action, const std::string& summary,
                Awaitable<model::Task> (engine::Service::*method)(std::string, T),
                const std::vector<std::string>& required = {}) {
  router.add({.method = Method::post,
              .pattern = kBase + "/machines/{name}/actions/" + action,
              .id = action + "Machine",
              .tag = "machines",
              .summary = summary,
              .body = RequestBody{router.schemas().request<T>(required), !required.empty()},
              .answers = {accepted(router)},
              .handler = [&context, method](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await (context.service.*method)(request.parameter("name"), read_body<T>(request)));
              }});
}

/// An action that needs to know nothing.
void add_plain_action(Router& router, Context& context, const std::string& action, const std::string& summary,
                      Awaitable<model::Task> (engine::Service::*method)(std::string)) {
  router.add({.method = Method::post,
              .pattern = kBase + "/machines/{name}/actions/" + action,
              .id = action + "Machine",
              .tag = "machines",
              .summary = summary,
              .answers = {accepted(router)},
              .handler = [&context, method](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await (context.service.*method)(request.parameter("name")));
              }});
}

}  // namespace

void add_machine_action_routes(Router& router, Context& context) {
  using engine::Service;
  add_action<model::StartRequest>(router, context, "start", "Starts a machine, or continues a saved one", &Service::start);
  add_action<model::StopRequest>(router, context, "stop", "Asks the guest to shut down; force: switches off", &Service::stop);
  add_action<model::StopRequest>(router, context, "restart", "Shuts down and starts again, which applies pending changes",
                                 &Service::restart);
  add_plain_action(router, context, "reset", "Presses the reset button", &Service::reset);
  add_plain_action(router, context, "pause", "Stops the processors", &Service::pause);
  add_plain_action(router, context, "resume", "Lets the processors go on", &Service::resume);
  add_plain_action(router, context, "save", "Writes the running machine to disk and ends it", &Service::save);
  add_action<model::RenameRequest>(router, context, "rename", "Gives a machine another name", &Service::rename, {"name"});
  add_action<model::CloneRequest>(router, context, "clone", "Makes machines with copies of its disks; it must be off",
                                  &Service::clone, {"name"});
  add_action<model::PublishRequest>(router, context, "publish", "Makes an image of its first disk; it must be off",
                                    &Service::publish, {"name"});
}

}  // namespace visor::api
