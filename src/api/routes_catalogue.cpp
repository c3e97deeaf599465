// The guest systems that are known by name, and the profiles of settings.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kProfilesTag = "profiles";

void add_system_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/os",
              .id = "listSystems",
              .tag = "host",
              .summary = "The guest systems that are known by name",
              .answers = {ok<SystemList>(router, "By name; empty without the package osinfo-db.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(SystemList{co_await context.service.operating_systems()});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/os/{id}",
              .id = "getSystem",
              .tag = "host",
              .summary = "A guest system, and the settings that a new machine for it gets",
              .answers = {ok<model::SystemPreset>(router, "The system, or the nearest of its series that is known.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(co_await context.service.operating_system(request.parameter("id")));
              }});
}

void add_profile_changes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/profiles",
              .id = "createProfile",
              .tag = kProfilesTag,
              .summary = "Makes a profile of given settings, or of those of a machine",
              .body = RequestBody{router.schemas().request<model::ProfileRequest>({"name"})},
              .answers = {{201, "The profile.", router.schemas().answer<model::Profile>()}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.create_profile(read_body<model::ProfileRequest>(request)), 201);
              }});
  router.add({.method = Method::delete_,
              .pattern = kBase + "/profiles/{name}",
              .id = "deleteProfile",
              .tag = kProfilesTag,
              .summary = "Deletes a profile that people made; machines keep their settings",
              .answers = {{204, "The profile is gone.", {}, ""}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                context.service.remove_profile(request.parameter("name"));
                Response response;
                response.status = 204;
                co_return response;
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/profiles/{name}/actions/apply",
              .id = "applyProfile",
              .tag = kProfilesTag,
              .summary = "Lays a profile over a machine's settings: all of it or nothing",
              .query = {dry_run_parameter()},
              .body = RequestBody{router.schemas().request<model::ProfileTarget>({"machine"})},
              .answers = {ok<model::ChangeResult>(router, "What is applied, what waits for the next start, what is refused.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const auto target = read_body<model::ProfileTarget>(request);
                const engine::ChangeOptions options{std::nullopt, request.flag("dryRun")};
                co_return json_response(
                    co_await context.service.apply_profile(request.parameter("name"), target.machine, options));
              }});
}

}  // namespace

void add_catalogue_routes(Router& router, Context& context) {
  add_system_routes(router, context);
  router.add({.method = Method::get,
              .pattern = kBase + "/profiles",
              .id = "listProfiles",
              .tag = kProfilesTag,
              .summary = "All profiles, those that come with Visor first",
              .answers = {ok<ProfileList>(router, "The profiles.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(ProfileList{context.service.profiles()});
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/profiles/{name}",
              .id = "getProfile",
              .tag = kProfilesTag,
              .summary = "One profile",
              .answers = {ok<model::Profile>(router, "The profile.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.profile(request.parameter("name")));
              }});
  add_profile_changes(router, context);
}

}  // namespace visor::api
