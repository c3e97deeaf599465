// Listening sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"
#include "os/fd.h"

namespace visor::api {

/// "127.0.0.1:7077", "[::1]:0", "localhost:80" taken apart. Throws Error `api.listen_invalid`.
struct ListenAddress {
  std::string host;  ///< an address, without brackets
  std::uint16_t port = 0;
};
ListenAddress parse_listen(std::string_view text);

/// A non-blocking listening TCP socket. Errors: `api.port_in_use`, `api.listen_failed`.
os::Fd listen_tcp(const ListenAddress& address);
/// The port that a listening socket really has.
std::uint16_t bound_port(int socket);

/// A non-blocking listening unix socket that only its owner may use, or `group` too. A socket that nobody listens on any
/// more is replaced. Errors: `api.socket_in_use`, `api.socket_path`, `api.listen_failed`.
os::Fd listen_unix(const std::filesystem::path& path, std::optional<gid_t> group);

/// The next waiting connection, non-blocking and close-on-exec; empty when there is none. Throws Error when the process has
/// no descriptors left.
os::Fd accept_next(int listener);
/// Who is at the other end of an accepted connection.
Peer peer_of(int socket, bool local, std::optional<gid_t> trusted_group);

}  // namespace visor::api
