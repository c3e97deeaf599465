// Needs a small file system or another user: made in a child process with its own mount (and, if not root, user) namespace.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "storage/download.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/temporary_file.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

class FullDiskTest : public StorageTest {
 protected:
  /// Mounts a file system of `size` over `directory`; only this process sees it.
  static bool mount_small(const std::filesystem::path& directory, const char* size) {
    const int flags = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(flags) != 0) return false;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    return ::mount("tmpfs", directory.c_str(), "tmpfs", 0, size) == 0;
  }

  /// In a child: ends it with 0 when `work` fails with host.no_space and leaves `directory` empty.
  [[noreturn]] void judge(const std::filesystem::path& directory, std::function<Awaitable<>()> work) {
    const Error error = failure(std::move(work));
    std::fprintf(stderr, "%s: %s\n", error.code().c_str(), error.what());
    std::_Exit(error.code() == "host.no_space" && entries(directory) == 0 ? 0 : 1);
  }

  static bool may_mount() {
    const pid_t child = ::fork();
    if (child == 0) std::_Exit(mount_small("/mnt", "size=64k") ? 0 : 1);
    int status = 1;
    ::waitpid(child, &status, 0);
    return status == 0;
  }
};

TEST_F(FullDiskTest, ImportIsRefusedBeforeItFillsTheDisk) {
  if (!may_mount()) GTEST_SKIP() << "this user may not mount a tmpfs";
  const auto source = make_disk("a", "qcow2");
  EXPECT_EXIT(
      {
        if (!mount_small(dir("images"), "size=2m")) std::_Exit(2);
        judge(dir("images"), [&]() -> Awaitable<> {
          co_await storage().import_image({source, std::nullopt, ""}, dir("images") / "target", dir("downloads"), {});
        });
      },
      ::testing::ExitedWithCode(0), "host.no_space");
}

TEST_F(FullDiskTest, DiskThatFillsUpWhileConvertingIsNamedAndLeavesNothing) {
  if (!may_mount()) GTEST_SKIP() << "this user may not mount a tmpfs";
  const auto source = make_disk("a", "qcow2");
  EXPECT_EXIT(
      {
        if (!mount_small(dir("images"), "size=2m")) std::_Exit(2);
        const SourceFile file = open_source(source, "a");
        judge(dir("images"), [&]() -> Awaitable<> {
          TemporaryFile target(dir("images") / "target");
          co_await qemu_img_convert({file.fd.get(), "a", model::DiskFormat::qcow2}, {.path = target.path(), .size = 8_MiB},
                                    64_MiB, {});
        });
      },
      ::testing::ExitedWithCode(0), "host.no_space");
}

TEST_F(FullDiskTest, VolumeOnAFullDiskIsRefused) {
  if (!may_mount()) GTEST_SKIP() << "this user may not mount a tmpfs";
  EXPECT_EXIT(
      {
        if (!mount_small(dir("volumes"), "size=128k")) std::_Exit(2);
        judge(dir("volumes"),
              [&]() -> Awaitable<> { co_await storage().create_empty(dir("volumes") / "v", model::DiskFormat::qcow2, 1_GiB); });
      },
      ::testing::ExitedWithCode(0), "host.no_space");
}

TEST_F(FullDiskTest, FileThatVisordMayNotReadIsNamed) {
  const auto source = make_disk("a", "qcow2");
  ASSERT_EQ(::chmod(source.c_str(), 0), 0);
  constexpr uid_t kNobody = 65534;
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) std::_Exit(2);
        const Error error = inspect_failure(source);
        std::fprintf(stderr, "%s: %s\n", error.code().c_str(), error.what());
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "image.source_unreadable.*may not read");
}

}  // namespace
}  // namespace visor::storage::testing
