// Which settings this host, this QEMU and the other settings leave without effect, and why.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "model/machine_spec.h"
#include "qemu/spec_check.h"

namespace visor::qemu {

/// Settings (by key, or by key and value: "cpu.scheduling=core") that cannot be used, each with the reason and the way out where there is one.
std::map<std::string, std::string> unavailable_settings(const model::MachineSpec& spec, const HostFacts& facts);

/// Refuses values other than the default of settings that cannot be used; the fields are below "spec".
void check_needs(const model::MachineSpec& spec, const HostFacts& facts, Validation& validation);

}  // namespace visor::qemu
