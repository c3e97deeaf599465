#include "qmp/socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace visor::qmp {

std::optional<os::Fd> try_connect(const std::filesystem::path& socket) {
  const std::string& path = socket.native();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    throw Error(
        ErrorKind::invalid, "qemu.socket_path",
        fmt::format("The path of a socket has 1 to {} bytes, '{}' has {}.", sizeof(address.sun_path) - 1, path, path.size()),
        "Choose a runtime directory with a shorter path.");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw system_error("make a socket", errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  if (errno == EAGAIN) return std::nullopt;
  if (errno == ENOENT || errno == ECONNREFUSED) {
    throw Error(ErrorKind::unavailable, "qemu.gone", fmt::format("No QEMU listens on {}.", path));
  }
  throw system_error("connect to " + path, errno);
}

}  // namespace visor::qmp
