#include "os/folder_mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "os/file.h"
#include "os/process.h"
#include "os/user_namespace.h"

namespace visor::os {
namespace {

/// A folder with a file in it; gone with this.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "visor-folder-XXXXXX").native();
    path_ = ::mkdtemp(name.data());
    replace_file(path_ / "file", "x");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  Fd open() const { return open_file(path_, O_PATH | O_DIRECTORY); }

 private:
  std::filesystem::path path_;
};

TEST(FolderMount, ReadOnlyHoldsAgainstRootAndTheFolderItselfStaysWritable) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes mounts";
  const Folder folder;
  const Fd mount = mount_of_folder(folder.open(), true);
  EXPECT_TRUE(Fd(::openat(mount.get(), "file", O_RDONLY | O_CLOEXEC)));
  for (const int flags : {O_WRONLY, O_WRONLY | O_TRUNC}) {
    EXPECT_FALSE(Fd(::openat(mount.get(), "file", flags | O_CLOEXEC)));
    EXPECT_EQ(errno, EROFS);
  }
  EXPECT_NE(::fchmodat(mount.get(), "file", 0777, 0), 0);
  EXPECT_EQ(errno, EROFS);
  EXPECT_NE(::mkdirat(mount.get(), "new", 0700), 0);
  EXPECT_EQ(errno, EROFS);
  replace_file(folder.path() / "file", "changed");
  const Fd writable = mount_of_folder(folder.open(), false);
  EXPECT_EQ(::mkdirat(writable.get(), "new", 0700), 0);
}

TEST(FolderMount, NothingLeadsAboveIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes mounts";
  const Folder folder;
  const Fd mount = mount_of_folder(folder.open(), false);
  struct stat inside {
  }, above{};
  ASSERT_EQ(::fstatat(mount.get(), ".", &inside, 0), 0);
  ASSERT_EQ(::fstatat(mount.get(), "..", &above, 0), 0);
  EXPECT_EQ(inside.st_ino, above.st_ino);
}

TEST(UserNamespace, ItsRootIsNobodysRootOnTheHost) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root chooses the numbers";
  const Folder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  Command command;
  command.program = "/bin/sh";
  command.arguments = {
      "-c", fmt::format("touch {0}/mine; chown 1000 {0}/mine && touch {0}/other; chown 0 {0}/file || touch {0}/refused",
                        folder.path().native())};
  command.box.user_namespace = make_user_namespace({{0, 65534, 1}, {1, 2'000'000'001, 65533}}, {{0, 65534, 1}});
  command.box.uid = 0;
  command.box.gid = 0;
  Process process = Process::spawn(command);
  EXPECT_TRUE(process.reap().success());
  struct stat made {};
  ASSERT_EQ(::stat((folder.path() / "mine").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 2'000'001'000U);
  ASSERT_EQ(::stat((folder.path() / "other").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 65534U);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "refused")) << "a file of the host's root is not its";
}

}  // namespace
}  // namespace visor::os
