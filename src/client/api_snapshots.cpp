// Snapshots: the daemon's API in the model's types.
#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "client/answers.h"
#include "client/api.h"

namespace visor::client {
namespace {

std::string snapshot_path(std::string_view machine, std::string_view name) {
  return fmt::format("{}/snapshots/{}", machine_path(machine), percent_encode(name));
}

}  // namespace

Awaitable<model::SnapshotTree> Api::snapshots(std::string machine) {
  const boost::json::value answer = co_await get(machine_path(machine) + "/snapshots");
  co_return decode<model::SnapshotTree>(answer);
}

Awaitable<model::Snapshot> Api::snapshot(std::string machine, std::string name) {
  const boost::json::value answer = co_await get(snapshot_path(machine, name));
  co_return decode<model::Snapshot>(answer);
}

Awaitable<model::Task> Api::create_snapshot(std::string machine, model::SnapshotRequest request) {
  const boost::json::value answer = co_await post(machine_path(machine) + "/snapshots", json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::Snapshot> Api::rename_snapshot(std::string machine, std::string name, boost::json::object change) {
  Request request = make_request("PATCH", snapshot_path(machine, name), change, std::chrono::seconds(60));
  request.content_type = "application/merge-patch+json";
  const boost::json::value answer = co_await connection_.call(std::move(request));
  co_return decode<model::Snapshot>(answer);
}

Awaitable<model::Task> Api::restore_snapshot(std::string machine, std::string name, model::RestoreRequest request) {
  const boost::json::value answer = co_await post(snapshot_path(machine, name) + "/actions/restore", json::to_json(request));
  co_return decode_member<model::Task>(answer, "task");
}

Awaitable<model::SnapshotRemoval> Api::preview_remove_snapshot(std::string machine, std::string name, bool branch) {
  const boost::json::value answer =
      co_await remove_at(snapshot_path(machine, name) + (branch ? "?dryRun=true&branch=true" : "?dryRun=true"));
  co_return decode<model::SnapshotRemoval>(answer);
}

Awaitable<model::Task> Api::remove_snapshot(std::string machine, std::string name, bool branch) {
  const boost::json::value answer = co_await remove_at(snapshot_path(machine, name) + (branch ? "?branch=true" : ""));
  co_return decode_member<model::Task>(answer, "task");
}

}  // namespace visor::client
