// Taking hold again of machines that another daemon has started.
#pragma once

#include <filesystem>
#include <memory>

#include "hypervisor/hypervisor.h"
#include "loop/awaitable.h"
#include "qemu/host_resources.h"

namespace visor::qemu {

/// Looks at every directory below `machines_directory`, all in parallel. A live QEMU is taken over, also when its monitor does
/// not answer within two seconds. A dead one is reported with its last words, and its sockets and record are removed. A QEMU
/// whose start was interrupted before its guest ran is ended: nothing is lost with it.
Awaitable<hypervisor::Hypervisor::Found> reattach_all(std::filesystem::path machines_directory,
                                                      std::shared_ptr<HostResources> resources);

}  // namespace visor::qemu
