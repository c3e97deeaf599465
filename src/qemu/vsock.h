// The line between guest and host without a network (vsock(7)).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "os/fd.h"

namespace visor::qemu {

struct VsockLine {
  os::Fd descriptor;  ///< of /dev/vhost-vsock; the address is taken for as long as it is open
  std::uint32_t cid = 0;
};

/// The address that a machine gets unless somebody else has it: the same at every start.
std::uint32_t vsock_address(const std::string& machine_id);

/// Takes an address that nobody on this host has, vsock_address() or one behind it.
/// Error{unsupported, "vsock.unavailable"} where the kernel offers none.
VsockLine open_vsock(const std::string& machine_id);

/// Why there is no such line on this host; empty: there is.
std::string no_vsock_reason(const std::filesystem::path& root);

}  // namespace visor::qemu
