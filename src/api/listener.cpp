#include "api/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "auth/origin.h"
#include "auth/peer.h"
#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace visor::api {
namespace {

constexpr int kBacklog = 128;

/// Room for every kind of socket address.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress address_of(const ListenAddress& listen) {
  SocketAddress result;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, listen.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(listen.port);
    std::memcpy(&result.storage, &v4, sizeof(v4));
    result.size = sizeof(v4);
  } else if (::inet_pton(AF_INET6, listen.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(listen.port);
    std::memcpy(&result.storage, &v6, sizeof(v6));
    result.size = sizeof(v6);
  } else {
    throw Error(ErrorKind::invalid, "api.listen_invalid",
                fmt::format("'{}' is not an IP address.", text::printable(listen.host)));
  }
  return result;
}

/// The address in a socket address as text; an IPv4 address that came by an IPv6 socket is shown as one.
std::string text_of(SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const void* bytes = nullptr;
  int family = address.storage.ss_family;
  if (family == AF_INET) {
    bytes = &reinterpret_cast<sockaddr_in*>(&address.storage)->sin_addr;
  } else if (family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);
    bytes = mapped ? static_cast<const void*>(&v6.s6_addr[12]) : &v6;
    if (mapped) family = AF_INET;
  }
  if (bytes == nullptr || ::inet_ntop(family, bytes, buffer.data(), buffer.size()) == nullptr) return {};
  return buffer.data();
}

sockaddr_un unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = path.native();
  if (name.empty() || name.size() >= sizeof(address.sun_path)) {
    throw Error(ErrorKind::invalid, "api.socket_path",
                fmt::format("The socket path '{}' must have 1 to {} bytes.", text::printable(name), sizeof(address.sun_path) - 1),
                "Choose a shorter one with --socket.");
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  return address;
}

os::Fd open_socket(int family) {
  os::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw system_error("socket", errno);
  return fd;
}

/// Removes what a daemon that was killed has left behind; never a socket that answers, never something else.
void remove_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) {
    throw Error(ErrorKind::conflict, "api.socket_path", fmt::format("{} is there already and is no socket.", path.native()),
                "Move it away, or choose another path with --socket.");
  }
  const os::Fd probe = open_socket(AF_UNIX);
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
  if (answered) {
    throw Error(ErrorKind::conflict, "api.socket_in_use", fmt::format("Another visord answers on {}.", path.native()),
                "Stop it, or choose other directories for this one.");
  }
  if (errno != ECONNREFUSED) throw system_error("connect " + path.native(), errno);
  if (::unlink(path.c_str()) != 0) throw system_error("unlink " + path.native(), errno);
}

/// Lets members of `group` pass through a directory that is otherwise ours alone. Other directories stay as they are.
void open_directory_to(const std::filesystem::path& directory, gid_t group) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) throw system_error("stat " + directory.native(), errno);
  if (status.st_uid != ::geteuid() || (status.st_mode & 0777U) != 0700U) return;
  if (::chown(directory.c_str(), static_cast<uid_t>(-1), group) != 0) throw system_error("chown " + directory.native(), errno);
  if (::chmod(directory.c_str(), 0710) != 0) throw system_error("chmod " + directory.native(), errno);
}

}  // namespace

ListenAddress parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress result;
  unsigned port = 65536;
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = 65536;
  }
  const auto host = auth::parse_authority(text.substr(0, colon));
  if (port > 65535 || !host || (!host->ip_literal && host->host != "localhost")) {
    throw Error(ErrorKind::invalid, "api.listen_invalid",
                fmt::format("'{}' is not an address to listen on.", text::printable(text)),
                "Write ADDRESS:PORT, for example 127.0.0.1:7077 or [::1]:7077; port 0 takes a free one.");
  }
  result.host = host->ip_literal ? host->host : "127.0.0.1";
  result.port = static_cast<std::uint16_t>(port);
  return result;
}

os::Fd listen_tcp(const ListenAddress& listen) {
  SocketAddress address = address_of(listen);
  os::Fd fd = open_socket(address.storage.ss_family);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    if (error == EADDRINUSE) {
      throw Error(ErrorKind::conflict, "api.port_in_use",
                  fmt::format("Port {} of {} is in use by another program.", listen.port, listen.host),
                  fmt::format("`ss -ltnp sport = :{}` shows which. Stop it, or choose another port with --listen {}:0.",
                              listen.port, listen.host));
    }
    throw Error(ErrorKind::unavailable, "api.listen_failed",
                fmt::format("Cannot listen on {} port {}: {}.", listen.host, listen.port, std::generic_category().message(error)),
                "Choose an address of this host and a port above 1023 with --listen.");
  }
  return fd;
}

std::uint16_t bound_port(int socket) {
  SocketAddress address;
  if (::getsockname(socket, address.get(), &address.size) != 0) throw system_error("getsockname", errno);
  if (address.storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

os::Fd listen_unix(const std::filesystem::path& path, std::optional<gid_t> group) {
  const sockaddr_un address = unix_address(path);
  const std::filesystem::path directory = path.parent_path();
  if (!std::filesystem::exists(directory)) os::make_directories(directory, 0700);
  if (group) open_directory_to(directory, *group);
  remove_stale(path, address);
  os::Fd fd = open_socket(AF_UNIX);
  // On Linux the mode of an unbound socket is the mode of its file, so there is no moment in which others could connect.
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    throw system_error("bind " + path.native(), errno);
  if (group) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) throw system_error("chown " + path.native(), errno);
    if (::chmod(path.c_str(), 0660) != 0) throw system_error("chmod " + path.native(), errno);
  }
  if (::listen(fd.get(), kBacklog) != 0) throw system_error("listen " + path.native(), errno);
  return fd;
}

os::Fd accept_next(int listener) {
  os::Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd) return fd;
  // Besides "none left", a connection may have died while it waited; the next wake-up looks again.
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) throw system_error("accept", errno);
  return {};
}

Peer peer_of(int socket, bool local, std::optional<gid_t> trusted_group) {
  Peer peer;
  peer.local = local;
  if (local) {
    const auth::PeerCredentials credentials = auth::peer_credentials(socket);
    peer.trusted = auth::trusts_peer(credentials, ::geteuid(), trusted_group);
    peer.address = fmt::format("uid {}", credentials.user_id);
    return peer;
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  SocketAddress other;
  if (::getpeername(socket, other.get(), &other.size) == 0) peer.address = text_of(other);
  SocketAddress own;
  if (::getsockname(socket, own.get(), &own.size) == 0) peer.local_address = text_of(own);
  return peer;
}

}  // namespace visor::api
