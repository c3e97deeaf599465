// The instance: root, inventory, host, settings, metrics.
#include <boost/asio/awaitable.hpp>

#include <algorithm>

#include "api/open_metrics.h"
#include "api/routes.h"

namespace visor::api {
namespace {

const std::vector<std::string>& features() {
  static const std::vector<std::string> list{"machines", "images", "tasks",  "events", "exec",
                                             "files",    "screen", "serial", "tokens", "metrics"};
  return list;
}

}  // namespace

void add_root_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase,
              .id = "getRoot",
              .tag = "host",
              .summary = "What this is",
              .answers = {ok<Root>(router, "Name, version and features.")},
              .handler = [](const Request&) -> Awaitable<Response> {
                co_return json_response(Root{"visor", VISOR_VERSION, features()});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/inventory",
              .id = "getInventory",
              .tag = "host",
              .summary = "Everything for the first paint in one answer",
              .answers = {ok<engine::Inventory>(router, "Host, machines, images, tasks, and where to resume the events.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(co_await context.service.inventory());
              }});
}

void add_host_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/host",
              .id = "getHost",
              .tag = "host",
              .summary = "The host and what its hypervisors can do",
              .answers = {ok<model::Host>(router, "The host.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(co_await context.service.host());
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/host/topology",
              .id = "getHostTopology",
              .tag = "host",
              .summary = "The host's processors: who shares what, how busy each is, and which machine is bound to it",
              .answers = {ok<model::HostTopology>(router, "Packages, NUMA nodes, caches, cores, their threads and owners.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(co_await context.service.host_topology());
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/host/checks",
              .id = "getHostChecks",
              .tag = "host",
              .summary = "What works on this host, what does not, why, and how to get it",
              .answers = {ok<HostCheckList>(router, "Every check, by the feature that needs it.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(HostCheckList{co_await context.service.host_checks()});
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/host/actions/stop-machines",
              .id = "stopMachinesForHost",
              .tag = "host",
              .summary = "Brings every running machine to rest as its onHostShutdown says",
              .query = {dry_run_parameter()},
              .answers = {accepted(router), ok<HostStopPlan>(router, "dryRun: what would become of each machine.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                if (request.flag("dryRun")) co_return json_response(HostStopPlan{context.service.preview_stop_for_host()});
                co_return task_response(co_await context.service.stop_for_host());
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/settings",
              .id = "listSettings",
              .tag = "host",
              .summary = "Every setting of a machine with its title, range and default",
              .answers = {ok<SettingsList>(router, "The settings in the order in which they are shown.")},
              .handler = [](const Request&) -> Awaitable<Response> {
                const auto all = model::settings();
                co_return json_response(SettingsList{{all.begin(), all.end()}});
              }});
  router.add({.method = Method::get,
              .pattern = "/metrics",
              .id = "getOpenMetrics",
              .tag = "host",
              .summary = "Figures for Prometheus",
              .answers = {{200, "OpenMetrics text.", {}, "application/openmetrics-text"}},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                Response response;
                response.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                response.body = open_metrics(co_await context.service.inventory(), context.service.machines());
                co_return response;
              }});
}

}  // namespace visor::api
