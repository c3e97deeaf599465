#include "auth/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/fd.h"

namespace visor::auth {
namespace {

TEST(PeerTest, KernelSaysWhoIsAtTheOtherEnd) {
  int ends[2] = {};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const os::Fd a(ends[0]);
  const os::Fd b(ends[1]);
  const PeerCredentials peer = peer_credentials(a.get());
  EXPECT_EQ(peer.user_id, ::getuid());
  EXPECT_EQ(peer.group_id, ::getgid());
  EXPECT_EQ(peer.process_id, ::getpid());
  EXPECT_TRUE(trusts_peer(peer, ::getuid(), std::nullopt));
}

TEST(PeerTest, OnlyOwnerRootAndGroupMembersAreTrusted) {
  const PeerCredentials stranger{1, 1001, 1001, {27, 1001}};
  EXPECT_FALSE(trusts_peer(stranger, 1000, std::nullopt));
  EXPECT_FALSE(trusts_peer(stranger, 1000, gid_t{990}));
  EXPECT_TRUE(trusts_peer(stranger, 1000, gid_t{27}));
  EXPECT_TRUE(trusts_peer(stranger, 1000, gid_t{1001}));
  EXPECT_TRUE(trusts_peer(stranger, 1001, std::nullopt));
  EXPECT_TRUE(trusts_peer(PeerCredentials{1, 0, 0, {}}, 1000, std::nullopt));
}

TEST(PeerTest, SocketThatIsNoSocketIsAnError) { EXPECT_ANY_THROW(peer_credentials(-1)); }

}  // namespace
}  // namespace visor::auth
