// The discs that Visor keeps.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {

void add_iso_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/isos",
              .id = "listIsos",
              .tag = "isos",
              .summary = "All discs that Visor keeps, and which drives they are in",
              .answers = {ok<IsoList>(router, "The discs, by name.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(IsoList{co_await context.service.isos()});
              }});
  router.add({.method = Method::post,
              .pattern = kBase + "/isos",
              .id = "buildIso",
              .tag = "isos",
              .summary = "Writes a disc with what is in a folder of the host, and inserts it when a machine is named",
              .body = RequestBody{router.schemas().request<model::IsoRequest>({"folder"})},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.build_iso(read_body<model::IsoRequest>(request)));
              }});
  router.add({.method = Method::delete_,
              .pattern = kBase + "/isos/{name}",
              .id = "deleteIso",
              .tag = "isos",
              .summary = "Deletes a disc that is in no drive",
              .answers = {{204, "The disc is gone.", {}, ""}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_await context.service.remove_iso(request.parameter("name"));
                Response response;
                response.status = 204;
                co_return response;
              }});
}

}  // namespace visor::api
