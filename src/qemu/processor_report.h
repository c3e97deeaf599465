// What a guest sees of its processor, and which kinds of hosts could show it the same.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "loop/awaitable.h"
#include "model/processor_report.h"

namespace visor::qemu {

/// A processor as QEMU tells of it (query-cpu-model-expansion, static).
struct ProcessorFeatures {
  std::string maker;
  std::set<std::string> names;
};

/// The properties that the value of `-cpu` switches on and off; numbers and texts are left out.
boost::json::object switched_properties(const std::string& cpu_value);
/// The model's name in it.
std::string model_name(const std::string& cpu_value);

/// Throws Error{internal, "qemu.corrupt"}.
ProcessorFeatures parse_expansion(const boost::json::value& answer);

/// What hosts of a type lack of what the guest sees. What KVM offers whatever the processor is, is never missing.
model::HostTypeFit compare(const ProcessorFeatures& guest, const std::string& type, const ProcessorFeatures& host);

/// Asks QEMU. `cpu_value`: of the machine's `-cpu`; `accelerator`: "kvm" or "tcg". Error{unavailable, "qemu.broken"}.
Awaitable<model::ProcessorReport> processor_report(std::filesystem::path program, std::string accelerator, std::string cpu_value);

}  // namespace visor::qemu
