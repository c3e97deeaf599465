#include "auth/peer.h"

#include <grp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

namespace visor::auth {

PeerCredentials peer_credentials(int socket) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    throw system_error("getsockopt SO_PEERCRED", errno);
  PeerCredentials peer{credentials.pid, credentials.uid, credentials.gid, {}};
  // The first call says how many bytes there are (ERANGE), the second fetches them.
  size = 0;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) != 0 && errno == ERANGE) {
    peer.groups.resize(size / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) != 0) peer.groups.clear();
  }
  return peer;
}

std::optional<gid_t> find_group(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(16384);
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return entry.gr_gid;
}

bool trusts_peer(const PeerCredentials& peer, uid_t own_user, std::optional<gid_t> trusted_group) {
  if (peer.user_id == own_user || peer.user_id == 0) return true;
  if (!trusted_group) return false;
  return peer.group_id == *trusted_group ||
         std::find(peer.groups.begin(), peer.groups.end(), *trusted_group) != peer.groups.end();
}

}  // namespace visor::auth
