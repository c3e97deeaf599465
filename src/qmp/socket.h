// Local sockets to QEMU's character devices.
#pragma once

#include <filesystem>
#include <optional>

#include "os/fd.h"

namespace visor::qmp {

/// Connects a non-blocking stream socket to a unix socket. Nothing when its queue of waiting clients is full (try again in a
/// moment); Error{unavailable, "qemu.gone"} when nobody listens, Error{invalid, "qemu.socket_path"} for a path of more than 107
/// bytes (sockaddr_un, unix(7)).
std::optional<os::Fd> try_connect(const std::filesystem::path& socket);

}  // namespace visor::qmp
