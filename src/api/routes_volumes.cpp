// The files that hold the disks of machines.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {

void add_volume_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kBase + "/volumes",
              .id = "listVolumes",
              .tag = "volumes",
              .summary = "All disk files, whose they are and what they stand on",
              .answers = {ok<VolumeList>(router, "The volumes, by name.")},
              .handler = [&context](const Request&) -> Awaitable<Response> {
                co_return json_response(VolumeList{co_await context.service.volumes()});
              }});
  router.add({.method = Method::delete_,
              .pattern = kBase + "/volumes/{name}",
              .id = "deleteVolume",
              .tag = "volumes",
              .summary = "Deletes a disk file that nothing needs",
              .answers = {{204, "The file is gone.", {}, ""}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_await context.service.remove_volume(request.parameter("name"));
                Response response;
                response.status = 204;
                co_return response;
              }});
}

}  // namespace visor::api
