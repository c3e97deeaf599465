// Who is at the other end of a unix socket, as the kernel says (unix(7), SO_PEERCRED and SO_PEERGROUPS).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace visor::auth {

struct PeerCredentials {
  pid_t process_id = -1;
  uid_t user_id = static_cast<uid_t>(-1);
  gid_t group_id = static_cast<gid_t>(-1);
  std::vector<gid_t> groups;  ///< supplementary groups
};

/// The credentials that the peer of a connected unix socket had when it connected. Throws Error.
PeerCredentials peer_credentials(int socket);
/// The id of the group with this name, if there is one.
std::optional<gid_t> find_group(const std::string& name);
/// Whether the peer is the daemon's own user, root, or a member of `trusted_group`.
bool trusts_peer(const PeerCredentials& peer, uid_t own_user, std::optional<gid_t> trusted_group);

}  // namespace visor::auth
