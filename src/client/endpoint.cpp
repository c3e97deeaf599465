#include "client/endpoint.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "model/paths.h"

namespace visor::client {
namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  return value != nullptr ? value : "";
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  // Also what one may not look at is there: the daemon's answer then says how to be let in.
  return std::filesystem::exists(path, error) || error == std::errc::permission_denied;
}

std::filesystem::path default_socket() {
  const model::InstancePaths own = model::default_paths();
  const std::filesystem::path system = model::system_paths().socket;
  return !is_there(own.state_directory) && is_there(system) ? system : own.socket;
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }

}  // namespace

std::string Endpoint::text() const { return is_local() ? socket.native() : fmt::format("http://{}:{}", host, port); }

Endpoint find_endpoint(const std::string& socket) {
  if (!socket.empty()) return {.socket = socket, .host = {}, .port = 0, .token = {}};
  if (const std::string url = from_environment("VISOR_URL"); !url.empty()) return parse_url(url, from_environment("VISOR_TOKEN"));
  if (const std::string path = from_environment("VISOR_SOCKET"); !path.empty()) {
    return {.socket = path, .host = {}, .port = 0, .token = {}};
  }
  return {.socket = default_socket(), .host = {}, .port = 0, .token = {}};
}

Endpoint parse_url(std::string_view url, std::string token) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorKind::invalid, "client.bad_url",
                 fmt::format("'{}' cannot be used as VISOR_URL: {}.", text::printable(url), why),
                 "It has the form http://127.0.0.1:7077; for another host, forward the port with `ssh -L`.");
  };
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) throw refuse("it is not a URL");
  if (parsed->scheme() != "http") throw refuse("only http is understood");
  Endpoint endpoint;
  endpoint.host = std::string(parsed->encoded_host());
  endpoint.port = parsed->has_port() ? parsed->port_number() : std::uint16_t{80};
  endpoint.token = std::move(token);
  if (!is_loopback(endpoint.host)) throw refuse("plain http is allowed to this computer only");
  return endpoint;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    }
  }
  // Servers and proxies resolve these two as directories even when they are alone in a part.
  if (out == ".") return "%2E";
  if (out == "..") return "%2E%2E";
  return out;
}

std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& query) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += separator + name + "=" + percent_encode(value);
    separator = '&';
  }
  return path;
}

}  // namespace visor::client
