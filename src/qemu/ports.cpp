#include "qemu/ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace visor::qemu {
namespace {

Error bad_address(const model::PortForward& forward) {
  return {ErrorKind::invalid, "nic.bad_address",
          fmt::format("Ports cannot be forwarded from '{}': it is no IPv4 address of this host.",
                      text::printable(forward.host_address)),
          "Use 127.0.0.1 for this host only or 0.0.0.0 for all of its addresses."};
}

Error port_in_use(const model::PortForward& forward) {
  return {ErrorKind::conflict, "nic.port_in_use",
          fmt::format("The host port {} on {} is already in use.", forward.host_port, forward.host_address),
          "Choose another port, or 0 for any free one."};
}

sockaddr_in address_of(const model::PortForward& forward) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(forward.host_port);
  // QEMU takes an empty address for all.
  const std::string host = forward.host_address.empty() ? "0.0.0.0" : forward.host_address;
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw bad_address(forward);
  return address;
}

/// Binds and returns the socket with the port that it got, so that two forwards of one machine never choose the same one.
os::Fd reserve(model::PortForward& forward) {
  sockaddr_in address = address_of(forward);
  const int type = forward.protocol == model::Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
  os::Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (!socket) throw system_error("socket", errno);
  // QEMU sets it too: connections of an earlier machine that linger in TIME_WAIT do not count as use.
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {  // NOLINT: the socket API
    if (errno == EADDRINUSE) throw port_in_use(forward);
    if (errno == EADDRNOTAVAIL) throw bad_address(forward);
    throw system_error(fmt::format("use the host port {}", forward.host_port), errno);
  }
  // Only a listening socket keeps a second forward of this machine off the same port.
  if (type == SOCK_STREAM && ::listen(socket.get(), 1) != 0)
    throw errno == EADDRINUSE ? port_in_use(forward) : system_error("listen", errno);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw system_error("getsockname", errno);  // NOLINT
  forward.host_port = ntohs(address.sin_port);
  return socket;
}

}  // namespace

void choose_ports(std::vector<std::vector<model::PortForward>>& forwards) {
  std::vector<os::Fd> reserved;
  // Fixed ones first: a free port must not be one that a later forward names.
  for (const bool fixed : {true, false}) {
    for (std::vector<model::PortForward>& nic : forwards) {
      for (model::PortForward& forward : nic) {
        if ((forward.host_port != 0) == fixed) reserved.push_back(reserve(forward));
      }
    }
  }
}

bool is_forward_failure(const std::vector<std::string>& log) {
  return std::any_of(log.begin(), log.end(), [](const std::string& line) {
    return line.find("Could not set up host forwarding rule") != std::string::npos;
  });
}

}  // namespace visor::qemu
