// Where the daemon is and how targets of requests are written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace visor::client {

/// The daemon's address: a unix socket, or TCP with a token when `host` is set.
struct Endpoint {
  std::filesystem::path socket;
  std::string host;
  std::uint16_t port = 0;
  std::string token;  ///< bearer token, TCP only

  bool is_local() const noexcept { return host.empty(); }
  /// For messages: the socket's path or "http://host:port".
  std::string text() const;
};

/// `socket` when it is not empty, else VISOR_URL (with VISOR_TOKEN), else VISOR_SOCKET, else the calling user's own instance; the
/// system's for one who has never had an own one while there is one of the system. Throws Error `client.bad_url`.
Endpoint find_endpoint(const std::string& socket);

/// Reads "http://host:port". Throws Error `client.bad_url` for anything but plain HTTP to a loopback address, because the
/// token would travel unprotected.
Endpoint parse_url(std::string_view url, std::string token);

/// One part of a path or a query value with everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// "path?a=b&c=d" with the values encoded; empty values are left out.
std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace visor::client
