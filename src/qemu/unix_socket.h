// Listening sockets that are made before QEMU is: one can connect to them at once, without waiting for QEMU.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "os/fd.h"

namespace visor::qemu {

/// A listening stream socket DIRECTORY/NAME (mode 0600). Any length of the directory's path works. Throws Error.
os::Fd listen_unix(const std::filesystem::path& directory, const std::string& name);
/// A non-blocking connection to DIRECTORY/NAME; nothing when nobody listens there. Throws Error on other failures.
std::optional<os::Fd> connect_unix(const std::filesystem::path& directory, const std::string& name);
/// A connected pair of stream sockets, both close-on-exec and non-blocking.
std::pair<os::Fd, os::Fd> socket_pair();

}  // namespace visor::qemu
