// Machines: list, create, change, delete.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <charconv>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kMachinesTag = "machines";

std::string etag_of(const model::Machine& machine) { return fmt::format("\"{}\"", machine.revision); }

/// The revision in an If-Match header: "7". Nothing for none and for `*`.
std::optional<std::uint64_t> expected_revision(const Request& request) {
  std::string_view field = request.headers.find("If-Match");
  if (field.empty() || field == "*") return std::nullopt;
  std::uint64_t revision = 0;
  if (field.size() > 2 && field.starts_with('"') && field.ends_with('"')) {
    field = field.substr(1, field.size() - 2);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), revision);
    if (error == std::errc() && end == field.data() + field.size()) return revision;
  }
  throw Error(ErrorKind::invalid, "request.if_match", "If-Match must be the ETag of the machine, such as \"7\".",
              "Read the machine and send its ETag back as it is.");
}

void add_read_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/machines",
              .id = "listMachines",
              .tag = kMachinesTag,
              .summary = "All machines",
              .answers = {ok<MachineList>(router, "The machines.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(MachineList{context.service.machines()});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}",
              .id = "getMachine",
              .tag = kMachinesTag,
              .summary = "One machine; its ETag is for If-Match",
              .answers = {ok<model::Machine>(router, "The machine.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const model::Machine machine = context.service.machine(request.parameter("name"));
                Response response = json_response(machine);
                response.headers.add("ETag", etag_of(machine));
                co_return response;
              }});
}

void add_create_route(Router& router, Context& context) {
  boost::json::object body = router.schemas().request<model::CreateRequest>({"name"});
  router.schemas().component("CreateRequest")["properties"].as_object()["spec"] =
      router.schemas().request_part<model::MachineSpec>();
  router.schemas().component("CreateRequest")["properties"].as_object()["password"].as_object()["writeOnly"] = true;
  router.schemas().add_settings("MachineSpecPatch", model::SchemaUse::request);
  router.add({.method = Method::post,
              .pattern = kBase + "/machines",
              .id = "createMachine",
              .tag = kMachinesTag,
              .summary = "Creates a machine from an image, an installer or empty",
              .query = {dry_run_parameter()},
              .body = RequestBody{std::move(body)},
              .answers = {accepted(router), ok<model::MachinePreview>(router, "dryRun: the machine that would be made.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                auto wanted = read_body<model::CreateRequest>(request);
                if (request.flag("dryRun")) {
                  co_return json_response(co_await context.service.preview_create(std::move(wanted)));
                }
                co_return task_response(co_await context.service.create(std::move(wanted)));
              }});
}

boost::json::object patch_schema(Router& router) {
  boost::json::object properties{{"description", {{"type", "string"}}},
                                 {"tags", {{"type", "array"}, {"items", {{"type", "string"}}}}},
                                 {"group", {{"type", "string"}}},
                                 {"spec", router.schemas().request_part<model::MachineSpec>()}};
  return router.schemas().add("MachinePatch", {{"type", "object"}, {"properties", std::move(properties)}});
}

void add_change_route(Router& router, Context& context) {
  router.add({.method = Method::patch,
              .pattern = kBase + "/machines/{name}",
              .id = "changeMachine",
              .tag = kMachinesTag,
              .summary = "Changes a machine by JSON merge patch (RFC 7396)",
              .query = {dry_run_parameter()},
              .body = RequestBody{patch_schema(router), true, "application/merge-patch+json"},
              .answers = {ok<model::ChangeResult>(router, "What is applied, what waits for the next start, what is refused.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                boost::json::value patch = json_body(request);
                if (!patch.is_object()) throw Error(ErrorKind::invalid, "request.invalid", "The patch must be a JSON object.");
                const engine::ChangeOptions options{expected_revision(request), request.flag("dryRun")};
                const model::ChangeResult result =
                    co_await context.service.change(request.parameter("name"), std::move(patch.get_object()), options);
                Response response = json_response(result);
                response.headers.add("ETag", etag_of(result.machine));
                co_return response;
              }});
}

void add_delete_route(Router& router, Context& context) {
  router.add({.method = Method::delete_,
              .pattern = kBase + "/machines/{name}",
              .id = "deleteMachine",
              .tag = kMachinesTag,
              .summary = "Deletes a machine and the disks that are its own",
              .query = {{.name = "force", .type = QueryParameter::Type::flag, .description = "true: also when it runs."},
                        dry_run_parameter()},
              .answers = {accepted(router), ok<model::RemovalPreview>(router, "dryRun: what would be removed.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const std::string& name = request.parameter("name");
                if (request.flag("dryRun")) co_return json_response(context.service.preview_remove(name));
                co_return task_response(co_await context.service.remove(name, request.flag("force")));
              }});
}

}  // namespace

void add_machine_routes(Router& router, Context& context) {
  add_read_routes(router, context);
  router.schemas().add_settings("MachineSpec", model::SchemaUse::answer);
  add_create_route(router, context);
  add_change_route(router, context);
  add_delete_route(router, context);
}

}  // namespace visor::api
