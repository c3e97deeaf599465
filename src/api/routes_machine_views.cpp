// What there is to see of a machine: figures, log, command line, thumbnail.
#include <boost/asio/awaitable.hpp>

#include <string>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kViewsTag = "machines";

void add_screenshot_route(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/screenshot",
              .id = "getMachineScreenshot",
              .tag = kViewsTag,
              .summary = "The screen as a PNG picture",
              .query = {{.name = "width",
                         .type = QueryParameter::Type::number,
                         .description = "Scale down to this width in pixels.",
                         .minimum = 16,
                         .maximum = 8192}},
              .answers = {{200, "The picture.", {}, "image/png"}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const auto width = static_cast<unsigned>(std::stoul(request.query_value("width").value_or("0")));
                Response response;
                response.content_type = "image/png";
                response.body = co_await context.service.screenshot(request.parameter("name"), width);
                co_return response;
              }});
}

void add_metrics_route(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/metrics",
              .id = "getMachineMetrics",
              .tag = kViewsTag,
              .summary = "The last samples of its use of resources, oldest first",
              .query = {{.name = "range",
                         .description = "How far back: the last 60 readings (the default), or means of the last hour, day or "
                                        "month (30 days). Means outlive the daemon, but for its last minutes when it is killed; "
                                        "readings do not.",
                         .values = json::enum_names<model::MetricsRange>()}},
              .answers = {ok<model::MetricsWindow>(router, "The samples. Only the default range tells processors one by one.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const auto range = json::enum_from_name<model::MetricsRange>(request.query_value("range").value_or("recent"));
                co_return json_response(context.service.metrics(request.parameter("name"), range.value()));
              }});
}

void add_pinning_route(Router& router, Context& context) {
  router.add(
      {.method = Method::get,
       .pattern = kBase + "/machines/{name}/pinning",
       .id = "proposeMachinePinning",
       .tag = kViewsTag,
       .summary = "Where its processors should run on this host, and why; changes nothing",
       .query = {{.name = "goal",
                  .description = "fastest (the default): fast cores, each for one vCPU alone. balanced: all threads of fast "
                                 "cores. quiet: economical cores, few caches.",
                  .values = json::enum_names<model::PinningGoal>()}},
       .answers = {ok<model::PinningProposal>(router, "The proposal; `pinning` is a value for spec.cpu.pinning.")},
       .handler = [&context](const Request& request) -> Awaitable<Response> {
         const auto goal = json::enum_from_name<model::PinningGoal>(request.query_value("goal").value_or("fastest"));
         co_return json_response(co_await context.service.propose_pinning(request.parameter("name"), goal.value()));
       }});
}

}  // namespace

void add_machine_view_routes(Router& router, Context& context) {
  add_metrics_route(router, context);
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/log",
              .id = "getMachineLog",
              .tag = kViewsTag,
              .summary = "The last lines that its QEMU has written",
              .answers = {ok<MachineLog>(router, "The lines.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(MachineLog{context.service.log(request.parameter("name"))});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/command",
              .id = "getMachineCommand",
              .tag = kViewsTag,
              .summary = "What the next start does, each argument and step with the setting that made it",
              .answers = {ok<model::CommandLine>(router, "The command line.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(co_await context.service.command_line(request.parameter("name")));
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/settings",
              .id = "getMachineSettings",
              .tag = kViewsTag,
              .summary = "Its settings outside of lists, and why some cannot be used",
              .answers = {ok<MachineSettings>(router, "The settings in the order of GET /settings.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(MachineSettings{co_await context.service.machine_settings(request.parameter("name"))});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/processor",
              .id = "getMachineProcessor",
              .tag = kViewsTag,
              .summary = "What processor its guest sees, and which kinds of hosts have all of it",
              .answers = {ok<model::ProcessorReport>(router, "The report.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(co_await context.service.processor(request.parameter("name")));
              }});
  add_pinning_route(router, context);
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/memory",
              .id = "getMachineMemory",
              .tag = kViewsTag,
              .summary = "What memory it is given, what its guest uses, and the last changes with their reasons",
              .answers = {ok<model::MemoryReport>(router, "The report.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.memory(request.parameter("name")));
              }});
  add_screenshot_route(router, context);
}

}  // namespace visor::api
