// Work inside a guest: commands, files, SSH.
#include <boost/asio/awaitable.hpp>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kGuestTag = "guest";
/// A file is held in memory once on its way to the guest agent.
constexpr Bytes kFileLimit = 64_MiB;

QueryParameter path_parameter() { return {.name = "path", .description = "Absolute path in the guest.", .required = true}; }

void add_file_routes(Router& router, Context& context) {
  router.add({.method = Method::put,
              .pattern = kBase + "/machines/{name}/files",
              .id = "writeGuestFile",
              .tag = kGuestTag,
              .summary = "Writes a file in the guest, at most 64 MiB",
              .query = {path_parameter(), {.name = "mode", .description = "Permissions in octal, such as 0644."}},
              .body = RequestBody{{}, false, "application/octet-stream"},
              .answers = {ok<FileWritten>(router, "How much was written.")},
              .body_limit = kFileLimit,
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const FileWritten written{request.body.size()};
                const auto mode = request.query.find("mode");
                co_await context.service.write_guest_file(request.parameter("name"), request.query.at("path"), request.body,
                                                          mode == request.query.end() ? "" : mode->second);
                co_return json_response(written);
              }});
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/files",
              .id = "readGuestFile",
              .tag = kGuestTag,
              .summary = "Reads a file of the guest",
              .query = {path_parameter()},
              .answers = {{200, "The content.", {}, "application/octet-stream"}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                Response response;
                response.content_type = "application/octet-stream";
                response.body = co_await context.service.read_guest_file(request.parameter("name"), request.query.at("path"));
                // A guest's file is never shown as a page of ours.
                response.headers.add("Content-Disposition", "attachment");
                co_return response;
              }});
}

}  // namespace

void add_guest_routes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kBase + "/machines/{name}/exec",
              .id = "execInGuest",
              .tag = kGuestTag,
              .summary = "Runs a command in the guest and waits for it",
              .body = RequestBody{router.schemas().request<model::ExecRequest>({"command"})},
              .answers = {ok<model::ExecResult>(router, "How it ended and what it printed (base64).")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(
                    co_await context.service.exec(request.parameter("name"), read_body<model::ExecRequest>(request)));
              }});
  add_file_routes(router, context);
  router.add({.method = Method::get,
              .pattern = kBase + "/machines/{name}/ssh",
              .id = "getSshAccess",
              .tag = kGuestTag,
              .summary = "How to reach the guest by SSH from this host (unix socket only)",
              .access = Access::local,
              .answers = {ok<model::SshAccess>(router, "Address, user and key files.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(co_await context.service.ssh(request.parameter("name")));
              }});
}

}  // namespace visor::api
