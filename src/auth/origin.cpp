#include "auth/origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace visor::auth {
namespace {

bool is_address(int family, const std::string& text) {
  in6_addr space{};
  return ::inet_pton(family, text.c_str(), &space) == 1;
}

/// The one spelling of an IPv6 address ("::1"), so that two spellings compare equal.
std::string canonical_ipv6(const std::string& text) {
  in6_addr address{};
  char buffer[INET6_ADDRSTRLEN] = {};
  if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) return text;
  return ::inet_ntop(AF_INET6, &address, buffer, sizeof(buffer)) != nullptr ? buffer : text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535 && text.size() <= 5;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string address(text.substr(1, end - 1));
    if (!is_address(AF_INET6, address)) return std::nullopt;
    result.host = canonical_ipv6(address);
    result.ip_literal = true;
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    result.host = lower(text.substr(0, colon));
    if (result.host.ends_with('.')) result.host.pop_back();
    if (!is_host_name(result.host)) return std::nullopt;
    result.ip_literal = is_address(AF_INET, result.host);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) return result;
  if (rest.front() != ':' || !is_port(rest.substr(1))) return std::nullopt;
  result.port = std::string(rest.substr(1));
  return result;
}

std::optional<std::string> parse_host(std::string_view text) {
  if (is_address(AF_INET6, std::string(text))) return canonical_ipv6(std::string(text));
  const std::optional<Authority> authority = parse_authority(text);
  if (!authority || !authority->port.empty()) return std::nullopt;
  return authority->host;
}

bool is_loopback(const Authority& authority) {
  if (authority.ip_literal) return authority.host == "::1" || authority.host.starts_with("127.");
  return authority.host == "localhost" || authority.host.ends_with(".localhost");
}

bool host_allowed(std::string_view host_header, const std::vector<std::string>& allowed_hosts, std::string_view local_address) {
  const std::optional<Authority> host = parse_authority(host_header);
  if (!host) return false;
  if (is_loopback(*host)) return true;
  if (host->ip_literal && !local_address.empty() && host->host == canonical_ipv6(std::string(local_address))) return true;
  return std::find(allowed_hosts.begin(), allowed_hosts.end(), host->host) != allowed_hosts.end();
}

bool origin_matches(std::string_view origin_header, std::string_view host_header) {
  std::string default_port;
  std::string_view rest = origin_header;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    default_port = "80";
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    default_port = "443";
  } else {
    return false;
  }
  const std::optional<Authority> origin = parse_authority(rest);
  const std::optional<Authority> host = parse_authority(host_header);
  if (!origin || !host || origin->host != host->host) return false;
  const auto port_of = [&](const Authority& authority) { return authority.port.empty() ? default_port : authority.port; };
  return port_of(*origin) == port_of(*host);
}

}  // namespace visor::auth
