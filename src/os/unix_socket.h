// Listening sockets that are made before QEMU is: one can connect to them at once, without waiting for QEMU.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "os/fd.h"

namespace visor::os {

/// A listening stream socket DIRECTORY/NAME (mode 0600). Any length of the directory's path works. Throws Error.
Fd listen_unix(const std::filesystem::path& directory, const std::string& name);
/// A non-blocking connection to DIRECTORY/NAME; nothing when nobody listens there. Throws Error on other failures.
std::optional<Fd> connect_unix(const std::filesystem::path& directory, const std::string& name);
/// A connected pair of stream sockets, both close-on-exec and non-blocking.
std::pair<Fd, Fd> socket_pair();

}  // namespace visor::os
