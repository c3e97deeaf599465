// Which Host and Origin headers are ours: the defence against DNS rebinding and against pages of other sites that make the
// user's browser speak to his own Visor. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace visor::auth {

/// "name:port" taken apart: the host in lower case without brackets and without a dot at its end; no port: empty.
struct Authority {
  std::string host;
  std::string port;
  bool ip_literal = false;  ///< an IPv4 address or a bracketed IPv6 address
};

/// Reads a Host header or the authority of a URL. Nothing for anything else: user info, paths, spaces, ports above 65535.
std::optional<Authority> parse_authority(std::string_view text);

/// A host name or address without a port, as the user writes it ("vm.example.org", "10.0.0.5", "::1"), in the form that
/// host_allowed compares with. Nothing for anything else.
std::optional<std::string> parse_host(std::string_view text);

/// Whether `host` (of parse_authority) names this machine's loopback: localhost, 127.0.0.0/8, ::1.
bool is_loopback(const Authority& authority);

/// Whether a request with this Host header is meant for us: a loopback name, one of `allowed_hosts` (of parse_host), or the
/// very address that the connection came in to (an address cannot be rebound by a name server).
/// The port is not looked at, because a tunnel may have another one.
bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed_hosts, std::string_view local_address);

/// Whether a request with this Origin was made by our own page: the origin's host and port are those of the Host header.
/// "null" (sandboxed frames, files) never is.
bool origin_matches(std::string_view origin_header, std::string_view host_header);

}  // namespace visor::auth
