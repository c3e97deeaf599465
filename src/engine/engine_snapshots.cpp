// The engine's use cases of snapshots.
#include <boost/asio/awaitable.hpp>

#include <utility>

#include "engine/engine.h"

namespace visor::engine {

model::SnapshotTree Engine::snapshots(const std::string& machine) { return snapshots_.tree(machine); }
model::Snapshot Engine::snapshot(const std::string& machine, const std::string& name) { return snapshots_.get(machine, name); }
Awaitable<model::Task> Engine::create_snapshot(std::string machine, model::SnapshotRequest request) {
  return snapshots_.create(std::move(machine), std::move(request));
}
model::Snapshot Engine::change_snapshot(const std::string& machine, const std::string& name, model::SnapshotChange wanted) {
  return snapshots_.change(machine, name, std::move(wanted));
}
Awaitable<model::Task> Engine::restore_snapshot(std::string machine, std::string name, model::RestoreRequest request) {
  return snapshots_.restore(std::move(machine), std::move(name), std::move(request));
}
Awaitable<model::SnapshotRemoval> Engine::preview_remove_snapshot(std::string machine, std::string name, bool branch) {
  return snapshots_.preview_remove(std::move(machine), std::move(name), branch);
}
Awaitable<model::Task> Engine::remove_snapshot(std::string machine, std::string name, bool branch) {
  return snapshots_.remove(std::move(machine), std::move(name), branch);
}
Awaitable<std::string> Engine::snapshot_screenshot(std::string machine, std::string name) {
  return snapshots_.screenshot(std::move(machine), std::move(name));
}

}  // namespace visor::engine
