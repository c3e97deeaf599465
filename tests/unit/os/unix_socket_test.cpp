#include "os/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "os/file.h"

namespace visor::os {
namespace {

TEST(UnixSocket, ADirectoryWithALongPathWorks) {
  std::string pattern = "/tmp/visor-socket-XXXXXX";
  const std::filesystem::path root = ::mkdtemp(pattern.data());
  const std::filesystem::path deep = root / std::string(100, 'a') / std::string(100, 'b');
  make_directories(deep);
  const Fd listener = listen_unix(deep, "qmp.sock");
  EXPECT_TRUE(connect_unix(deep, "qmp.sock"));
  EXPECT_FALSE(connect_unix(deep, "other.sock"));
  EXPECT_FALSE(connect_unix(root / "nowhere", "qmp.sock"));
  struct stat info {};
  ASSERT_EQ(::stat((deep / "qmp.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  remove_tree(root);
}

}  // namespace
}  // namespace visor::os
