// How machines, images and tasks look in tables.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "client/api.h"
#include "visor/table.h"

namespace visor::cli {

Table machine_table(const std::vector<model::Machine>& machines, WallTime now);
Details machine_details(const model::Machine& machine, WallTime now);
Table image_table(const std::vector<model::Image>& images, WallTime now);
Details image_details(const model::Image& image, WallTime now);
Table task_table(const std::vector<model::Task>& tasks, WallTime now);
Details task_details(const model::Task& task, WallTime now);
/// What was applied, waits for the next start or was refused.
Table change_table(const model::ChangeResult& result);

/// The value of a setting ("spec.memory.size" or "memory.size") for people: sizes with their unit.
std::string setting_text(std::string field, const boost::json::value& value);

/// A state with its colour.
Cell status_cell(const model::MachineState& state);

}  // namespace visor::cli
