// Snapshots of machines.
#include <boost/asio/awaitable.hpp>

#include <string>

#include "api/routes.h"

namespace visor::api {
namespace {

constexpr const char* kSnapshotsTag = "snapshots";
const std::string kSnapshots = kBase + "/machines/{name}/snapshots";
const std::string kSnapshot = kSnapshots + "/{snapshot}";

void add_snapshot_reads(Router& router, Context& context) {
  router.add({.method = Method::get,
              .pattern = kSnapshots,
              .id = "listSnapshots",
              .tag = kSnapshotsTag,
              .summary = "The machine's snapshots, each behind the one that it was made on",
              .answers = {ok<model::SnapshotTree>(router, "The tree, and where the present stands.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.snapshots(request.parameter("name")));
              }});
  router.add({.method = Method::get,
              .pattern = kSnapshot,
              .id = "getSnapshot",
              .tag = kSnapshotsTag,
              .summary = "One snapshot",
              .answers = {ok<model::Snapshot>(router, "The snapshot.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                co_return json_response(context.service.snapshot(request.parameter("name"), request.parameter("snapshot")));
              }});
  router.add({.method = Method::get,
              .pattern = kSnapshot + "/screenshot",
              .id = "getSnapshotScreenshot",
              .tag = kSnapshotsTag,
              .summary = "The screen at the moment of the snapshot as a PNG picture",
              .answers = {{200, "The picture.", {}, "image/png"}},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                Response response;
                response.content_type = "image/png";
                response.body =
                    co_await context.service.snapshot_screenshot(request.parameter("name"), request.parameter("snapshot"));
                co_return response;
              }});
}

void add_snapshot_changes(Router& router, Context& context) {
  router.add({.method = Method::post,
              .pattern = kSnapshots,
              .id = "createSnapshot",
              .tag = kSnapshotsTag,
              .summary = "Makes a snapshot of a machine that is off or runs",
              .body = RequestBody{router.schemas().request<model::SnapshotRequest>({}), false},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                auto wanted = read_body<model::SnapshotRequest>(request);
                co_return task_response(co_await context.service.create_snapshot(request.parameter("name"), std::move(wanted)));
              }});
  router.add({.method = Method::patch,
              .pattern = kSnapshot,
              .id = "changeSnapshot",
              .tag = kSnapshotsTag,
              .summary = "Changes its name or note",
              .body = RequestBody{router.schemas().request<model::SnapshotChange>({}), true, "application/merge-patch+json"},
              .answers = {ok<model::Snapshot>(router, "The snapshot as it is now.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                auto wanted = read_body<model::SnapshotChange>(request);
                co_return json_response(
                    context.service.change_snapshot(request.parameter("name"), request.parameter("snapshot"), std::move(wanted)));
              }});
  router.add({.method = Method::post,
              .pattern = kSnapshot + "/actions/restore",
              .id = "restoreSnapshot",
              .tag = kSnapshotsTag,
              .summary = "Takes the machine back: refuses to lose the present unless it is kept or may be discarded",
              .body = RequestBody{router.schemas().request<model::RestoreRequest>({}), false},
              .answers = {accepted(router)},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                auto wanted = read_body<model::RestoreRequest>(request);
                co_return task_response(co_await context.service.restore_snapshot(
                    request.parameter("name"), request.parameter("snapshot"), std::move(wanted)));
              }});
}

void add_snapshot_removal(Router& router, Context& context) {
  router.add({.method = Method::delete_,
              .pattern = kSnapshot,
              .id = "deleteSnapshot",
              .tag = kSnapshotsTag,
              .summary = "Deletes a snapshot; what stands on it gets what it needs first",
              .query = {{.name = "branch", .type = QueryParameter::Type::flag, .description = "true: with all that stand on it."},
                        dry_run_parameter()},
              .answers = {accepted(router), ok<model::SnapshotRemoval>(router, "dryRun: what would go.")},
              .handler = [&context](const Request& request) -> Awaitable<Response> {
                const std::string& machine = request.parameter("name");
                const std::string& snapshot = request.parameter("snapshot");
                const bool branch = request.flag("branch");
                if (request.flag("dryRun")) {
                  co_return json_response(co_await context.service.preview_remove_snapshot(machine, snapshot, branch));
                }
                co_return task_response(co_await context.service.remove_snapshot(machine, snapshot, branch));
              }});
}

}  // namespace

void add_snapshot_routes(Router& router, Context& context) {
  add_snapshot_reads(router, context);
  add_snapshot_changes(router, context);
  add_snapshot_removal(router, context);
}

}  // namespace visor::api
