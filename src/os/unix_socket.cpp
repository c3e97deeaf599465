#include "os/unix_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "os/file.h"

namespace visor::os {
namespace {

constexpr int kBacklog = 16;

/// sockaddr_un has 108 bytes, less than a home directory may need: the directory is named by an open descriptor instead.
sockaddr_un short_address(const Fd& directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
  if (path.size() >= sizeof address.sun_path) throw system_error(fmt::format("use the socket name {}", name), ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Fd make_socket(int flags) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket) throw system_error("socket", errno);
  return socket;
}

}  // namespace

Fd listen_unix(const std::filesystem::path& directory, const std::string& name) {
  const Fd folder = open_file(directory, O_PATH | O_DIRECTORY);
  const sockaddr_un address = short_address(folder, name);
  ::unlinkat(folder.get(), name.c_str(), 0);
  Fd socket = make_socket(0);
  // fchmod on the unbound socket sets the mode that bind(2) gives the file.
  ::fchmod(socket.get(), 0600);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {  // NOLINT: the socket API
    throw system_error(fmt::format("create the socket {}", (directory / name).native()), errno);
  }
  if (::listen(socket.get(), kBacklog) != 0) throw system_error(fmt::format("listen on {}", (directory / name).native()), errno);
  return socket;
}

std::optional<Fd> connect_unix(const std::filesystem::path& directory, const std::string& name) {
  const Fd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return std::nullopt;
  const sockaddr_un address = short_address(folder, name);
  Fd socket = make_socket(SOCK_NONBLOCK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;  // NOLINT
  if (errno == ECONNREFUSED || errno == ENOENT || errno == EAGAIN) return std::nullopt;
  throw system_error(fmt::format("connect to {}", (directory / name).native()), errno);
}

std::pair<Fd, Fd> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    throw system_error("socketpair", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace visor::os
