#include "model/lifecycle.h"

#include <fmt/format.h>

#include "base/json.h"

namespace visor::model {
namespace {

bool allowed(Action action, Status status) {
  const bool alive = status == Status::running || status == Status::paused;
  const bool at_rest = status == Status::stopped || status == Status::saved || status == Status::crashed;
  switch (action) {
    case Action::start: return at_rest;
    // A machine that hangs in a transition must still be stoppable.
    case Action::stop: return alive || status == Status::starting || status == Status::stopping;
    case Action::restart:
    case Action::reset:
    case Action::screenshot: return alive;
    case Action::pause:
    case Action::exec: return status == Status::running;
    case Action::save: return alive;
    case Action::resume: return status == Status::paused;
    case Action::rename: return status != Status::starting && status != Status::stopping;
    case Action::remove: return at_rest;
    // What a saved guest has not written yet is in its saved memory, not on the disk.
    case Action::clone:
    case Action::publish: return status == Status::stopped || status == Status::crashed;
  }
  return false;
}

std::string advice(Action action, Status status) {
  if (action == Action::start && status == Status::paused) return " Resume it instead.";
  if (action == Action::clone || action == Action::publish) {
    return status == Status::saved ? " Start it and shut it down first: a part of its data is in its saved memory."
                                   : " Shut it down first: what it writes meanwhile would be half in the copy.";
  }
  if (action == Action::remove) return " Stop it first, or delete it with force.";
  return {};
}

}  // namespace

std::optional<std::string> refusal(Action action, Status status) {
  if (allowed(action, status)) return std::nullopt;
  const std::string verb = action == Action::remove ? "delete" : json::enum_name(action);
  return fmt::format("Cannot {} a machine that is {}.{}", verb, json::enum_name(status), advice(action, status));
}

}  // namespace visor::model
