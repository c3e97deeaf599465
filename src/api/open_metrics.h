// The figures of an instance as OpenMetrics text (openmetrics.io, version 1.0).
#pragma once

#include <string>

#include "engine/service.h"

namespace visor::api {

/// Machines by status, use of each running machine, host and tasks.
std::string open_metrics(const engine::Inventory& inventory, const std::vector<model::Machine>& machines);

}  // namespace visor::api
