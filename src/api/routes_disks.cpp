// /machines/{name}/disks: disks that come and go, discs in drives.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kDisksTag = "disks";
const std::string kDisks = kBase + "/machines/{name}/disks";

/// The disks of one machine.
struct DiskList {
  std::vector<model::Disk> disks;
};
BOOST_DESCRIBE_STRUCT(DiskList, (), (disks))

boost::json::object object_body(const Request& request) {
  boost::json::value body = json_body(request);
  if (body.is_object()) return std::move(body.get_object());
  throw Error(ErrorKind::invalid, "request.invalid", "The body must be a JSON object.");
}

void add_list_routes(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kDisks,
              .id = "listDisks",
              .tag = kDisksTag,
              .summary = "The disks and drives of a machine",
              .answers = {ok<DiskList>(router, "The disks.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(DiskList{context.service.machine(request.parameter("name")).spec.disks});
              }});
  router.add({.method = Method::post,
              .pattern = kDisks,
              .id = "addDisk",
              .tag = kDisksTag,
              .summary = "Adds a disk or drive, while the machine runs where the bus allows it; without a file an empty disk of "
                         "the given size is made",
              .body = RequestBody{router.schemas().request_part<model::Disk>()},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.add_disk(request.parameter("name"), object_body(request)));
              }});
  router.add({.method = Method::delete_,
              .pattern = kDisks + "/{disk}",
              .id = "removeDisk",
              .tag = kDisksTag,
              .summary = "Takes a disk away and deletes it; a file of the user stays",
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(
                    co_await context.service.remove_disk(request.parameter("name"), request.parameter("disk")));
              }});
}

void add_action_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kDisks + "/{disk}/actions/resize",
              .id = "resizeDisk",
              .tag = kDisksTag,
              .summary = "Makes a disk larger; a running guest is told",
              .body = RequestBody{router.schemas().request<model::ResizeRequest>({"size"})},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.resize_disk(request.parameter("name"), request.parameter("disk"),
                                                                             read_body<model::ResizeRequest>(request)));
              }});
  router.add({.method = Method::post,
              .pattern = kDisks + "/{disk}/actions/insert",
              .id = "insertDisc",
              .tag = kDisksTag,
              .summary = "Puts the image of a disc into a CD drive, in place of what is in it; without a file: takes it out",
              .body = RequestBody{router.schemas().request<model::MediumRequest>(), false},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.change_medium(
                    request.parameter("name"), request.parameter("disk"), read_body<model::MediumRequest>(request)));
              }});
}

void add_care_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kDisks + "/{disk}/actions/check",
              .id = "checkDisk",
              .tag = kDisksTag,
              .summary =
                  "Looks whether the files of a disk are sound, or repairs them; the machine is off. The task's result is a "
                  "DiskCheck",
              .body = RequestBody{router.schemas().request<model::DiskCheckRequest>(), false},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.check_disk(request.parameter("name"), request.parameter("disk"),
                                                                            read_body<model::DiskCheckRequest>(request)));
              }});
  router.add(
      {.method = Method::post,
       .pattern = kDisks + "/{disk}/actions/compact",
       .id = "compactDisk",
       .tag = kDisksTag,
       .summary = "Gives back to the host what a disk does not need; the machine is off. The task's result is a DiskRewrite",
       .answers = {accepted(router)},
       .handler = [&context](const Request& request) -> Awaitable<Response> {
         co_return task_response(co_await context.service.compact_disk(request.parameter("name"), request.parameter("disk")));
       }});
  router.add({.method = Method::post,
              .pattern = kDisks + "/{disk}/actions/convert",
              .id = "convertDisk",
              .tag = kDisksTag,
              .summary = "Writes a disk in another format; the machine is off. The task's result is a DiskRewrite",
              .body = RequestBody{router.schemas().request<model::ConvertRequest>({"format"})},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return task_response(co_await context.service.convert_disk(
                    request.parameter("name"), request.parameter("disk"), read_body<model::ConvertRequest>(request)));
              }});
}

}  // namespace

void add_disk_routes(Router& router, Context& context) {
  add_list_routes(router, context);
  add_action_routes(router, context);
  add_care_routes(router, context);
}

}  // namespace visor::api
