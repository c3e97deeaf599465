// Tasks.
#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kTasksTag = "tasks";
constexpr int kLongestWaitSeconds = 600;

void add_list_route(Router& router, Context& context) {
  router.add(
      {.method = Method::get,
       .pattern = kBase + "/tasks",
       .id = "listTasks",
       .tag = kTasksTag,
       .summary = "Tasks, newest first",
       .query = {{.name = "state", .description = "Only tasks in this state.", .values = json::enum_names<model::TaskState>()}},
       .answers = {ok<TaskList>(router, "The tasks.")},
       .handler = [&context](const Request& request) -> Awaitable<Response> {
         TaskList list{context.service.tasks()};
         if (const auto state = request.query_value("state")) {
           std::erase_if(list.tasks, [&](const model::Task& task) { return json::enum_name(task.state) != *state; });
         }
         co_return json_response(list);
       }});
}

}  // namespace

void add_task_routes(Router& router, Context& context) {
  add_list_route(router, context);
  router.add({.method = Method::get,
              .pattern = kBase + "/tasks/{id}",
              .id = "getTask",
              .tag = kTasksTag,
              .summary = "One task",
              .answers = {ok<model::Task>(router, "The task.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.task(request.parameter("id")));
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/tasks/{id}/wait",
              .id = "waitTask",
              .tag = kTasksTag,
              .summary = "The task when it has ended, or as it is after the time-out",
              .query = {{.name = "timeout",
                         .type = QueryParameter::Type::number,
                         .description = "Seconds to wait, 30 unless told.",
                         .minimum = 0,
                         .maximum = kLongestWaitSeconds}},
              .answers = {ok<model::Task>(router, "The task.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const std::chrono::seconds timeout(std::stol(request.query_value("timeout").value_or("30")));
                co_return json_response(co_await context.service.wait_task(request.parameter("id"), timeout));
              }});
  router.add({.method = Method::delete_,
              .pattern = kBase + "/tasks/{id}",
              .id = "cancelTask",
              .tag = kTasksTag,
              .summary = "Asks a task to stop and to undo what it has done",
              .answers = {{202, "The task, which is about to end.", router.schemas().answer<model::Task>()}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const model::Task task = context.service.cancel_task(request.parameter("id"));
                Response response = json_response(task, 202);
                response.headers.add("Location", kBase + "/tasks/" + task.id);
                co_return response;
              }});
}

}  // namespace visor::api
