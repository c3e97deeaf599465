// A QEMU that runs nothing and is only asked.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "loop/awaitable.h"
#include "qmp/client.h"

namespace visor::qemu {

/// Starts `program` without a machine and calls `ask` with its monitor; ends it afterwards.
/// `arguments`: more of them, such as {"-accel", "kvm"}. Error{unavailable, "qemu.broken"} with QEMU's own message when it
/// cannot be asked; what `ask` throws.
Awaitable<> ask_program(std::filesystem::path program, std::vector<std::string> arguments,
                        std::function<Awaitable<>(qmp::Client&)> ask);

}  // namespace visor::qemu
