// What this host's QEMU can do, as checks among those of host/host_checks.h.
#pragma once

#include <filesystem>
#include <vector>

#include "model/host.h"
#include "model/host_check.h"

namespace visor::qemu {

/// `found`: what probe() has told. Firmware is looked for below `root`.
std::vector<model::HostCheck> qemu_checks(const std::vector<model::QemuInfo>& found, const std::filesystem::path& root = "/");

}  // namespace visor::qemu
