// The groups of commands, one source file each.
#pragma once

#include <vector>

#include "visor/command.h"

namespace visor::cli {

std::vector<Command> create_commands();
std::vector<Command> list_commands();
std::vector<Command> power_commands();
std::vector<Command> change_commands();
std::vector<Command> config_commands();
std::vector<Command> console_commands();
std::vector<Command> shell_commands();
std::vector<Command> screen_commands();
std::vector<Command> exec_commands();
std::vector<Command> files_commands();
std::vector<Command> inspect_commands();
std::vector<Command> explain_commands();
std::vector<Command> memory_commands();
std::vector<Command> processor_commands();
std::vector<Command> pin_commands();
std::vector<Command> boot_commands();
std::vector<Command> share_commands();
std::vector<Command> disk_commands();
std::vector<Command> disk_care_commands();
std::vector<Command> snapshot_commands();
std::vector<Command> image_commands();
std::vector<Command> clone_commands();
std::vector<Command> iso_commands();
std::vector<Command> task_commands();
std::vector<Command> event_commands();
std::vector<Command> host_commands();
std::vector<Command> doctor_commands();
std::vector<Command> os_commands();
std::vector<Command> profile_commands();
std::vector<Command> web_commands();
std::vector<Command> token_commands();
std::vector<Command> api_commands();
std::vector<Command> completion_commands();
std::vector<Command> help_commands();

}  // namespace visor::cli
