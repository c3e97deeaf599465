// QEMU's command line as a pure function of what the user wants and what the launcher has planned.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hypervisor/hypervisor.h"
#include "model/machine.h"
#include "qemu/plan.h"

namespace visor::qemu {

/// Every argument in order, each with the setting that made it. No text of the user is ever pasted into an option list:
/// it is a JSON string, a whole argument, or has its commas doubled. Throws Error{invalid, "machine.invalid_text"} when a text
/// contains a NUL byte, which no argument can carry.
std::vector<model::ExplainedArgument> make_arguments(const hypervisor::MachineDefinition& definition, const Plan& plan);

/// The same as a list for exec(3).
std::vector<std::string> to_argv(const std::vector<model::ExplainedArgument>& arguments);

/// `text` as the value of a key in QEMU's comma separated option syntax (a comma is written twice).
std::string escape_option(std::string_view text);

/// Ids of guest devices in QEMU: letters, digits, `-._` only, so other ids are written in hex (qemu util/id.c).
std::string disk_device_id(const std::string& disk_id);
std::string nic_device_id(const std::string& nic_id);
/// Id of the back end behind a network card.
std::string netdev_id(const std::string& nic_id);

/// QEMU's type of the object behind a value of memory.encryption; empty for none.
const char* encryption_type(const std::string& encryption);

/// QOM path of the memory balloon.
inline constexpr std::string_view kBalloonPath = "/machine/peripheral/balloon";

}  // namespace visor::qemu
