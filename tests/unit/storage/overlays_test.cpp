#include <fcntl.h>

#include <chrono>

#include "loop/task_group.h"
#include "loop/timeout.h"
#include "os/file.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

using model::DiskFormat;

class OverlaysTest : public StorageTest {
 protected:
  std::filesystem::path volume(const std::string& name) const { return dir("volumes") / name; }
  void empty(const std::string& name, DiskFormat format) {
    run([&]() -> Awaitable<> { co_await storage().create_empty(volume(name), format, 8_MiB); });
  }
  void overlay(const std::string& name, const std::string& base, DiskFormat format = DiskFormat::qcow2) {
    run([&]() -> Awaitable<> { co_await storage().create_overlay(volume(name), volume(base), {}, format); });
  }
  void write(const std::string& name, const std::string& pattern, const std::string& where, const std::string& format = "qcow2") {
    program("qemu-io", {"-f", format, "-c", "write -P " + pattern + " " + where + " 64k", volume(name)});
  }
  /// The content as a raw file, to be compared after.
  std::string content(const std::string& name) {
    const auto copy = directory_.path() / "content";
    program("qemu-img", {"convert", "-f", "qcow2", "-O", "raw", volume(name), copy});
    return os::read_file(copy);
  }
  void merge(const std::string& name) {
    run([&]() -> Awaitable<> { co_await storage().merge_below(volume(name), {}); });
  }
  std::size_t depth(const std::string& name) {
    return get<std::vector<Storage::Layer>>([&] { return storage().chain(volume(name), DiskFormat::qcow2); }).size();
  }
  bool blank(const std::string& name) {
    return get<bool>([&] { return storage().is_blank(volume(name)); });
  }
};

TEST_F(OverlaysTest, ARawDiskGetsALayerThatSaysSo) {
  empty("base", DiskFormat::raw);
  write("base", "7", "0", "raw");
  overlay("top", "base", DiskFormat::raw);
  const auto layers = get<std::vector<Storage::Layer>>([&] { return storage().chain(volume("top"), DiskFormat::qcow2); });
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[1].format, DiskFormat::raw);
  EXPECT_EQ(content("top"), os::read_file(volume("base")));
}

TEST_F(OverlaysTest, ALayerIsBlankUntilSomethingIsWritten) {
  empty("base", DiskFormat::qcow2);
  write("base", "1", "0");
  overlay("top", "base");
  EXPECT_TRUE(blank("top"));
  write("top", "2", "1M");
  EXPECT_FALSE(blank("top"));
  EXPECT_FALSE(blank("base"));
}

TEST_F(OverlaysTest, AMergedLayerReadsTheSameWithoutTheOneBelow) {
  empty("base", DiskFormat::raw);
  write("base", "1", "0", "raw");
  overlay("middle", "base", DiskFormat::raw);
  write("middle", "2", "1M");
  overlay("top", "middle");
  write("top", "3", "2M");
  const std::string before = content("top");
  merge("top");
  EXPECT_EQ(depth("top"), 2U);
  std::filesystem::remove(volume("middle"));
  EXPECT_EQ(content("top"), before);
  merge("top");
  EXPECT_EQ(depth("top"), 1U);
  std::filesystem::remove(volume("base"));
  EXPECT_EQ(content("top"), before);
  EXPECT_EQ(failure([&]() -> Awaitable<> { co_await storage().merge_below(volume("top"), {}); }).code(), "volume.no_base");
}

/// The header of a merged layer must not let go of its base before the layer has everything, wherever the merge ends.
TEST_F(OverlaysTest, AMergeThatIsKilledWhenTheBaseIsLetGoLosesNothing) {
  empty("base", DiskFormat::qcow2);
  program("qemu-io", {"-f", "qcow2", "-c", "write -P 7 0 6M", volume("base")});
  const std::string before = content("base");
  constexpr off_t kBackingPlaceAt = 8;  // docs/interop/qcow2.txt
  for (int round = 0; round < 8; ++round) {
    std::filesystem::remove(volume("top"));
    overlay("top", "base");
    run([&]() -> Awaitable<> {
      loop::TaskGroup group(loop_.executor());
      group.spawn("merge", [&]() -> Awaitable<> {
        try {
          co_await storage().merge_below(volume("top"), {});
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), "task.cancelled");
        }
      });
      const os::Fd file = os::open_file(volume("top"), O_RDONLY);
      while (os::read_at(file.get(), kBackingPlaceAt, Bytes{8}) != std::string(8, '\0') && group.size() > 0) {
        co_await loop::sleep_for(std::chrono::microseconds(50));
      }
      co_await group.close();
    });
    ASSERT_EQ(content("top"), before) << "round " << round;
  }
}

TEST_F(OverlaysTest, BrothersKeepTheirOwnContent) {
  empty("base", DiskFormat::qcow2);
  overlay("shared", "base");
  write("shared", "1", "0");
  overlay("left", "shared");
  overlay("right", "shared");
  write("left", "2", "0");
  const std::string left = content("left");
  const std::string right = content("right");
  merge("left");
  merge("right");
  std::filesystem::remove(volume("shared"));
  EXPECT_EQ(content("left"), left);
  EXPECT_EQ(content("right"), right);
  EXPECT_NE(left, right);
}

TEST_F(OverlaysTest, ALayerInUseIsNotMerged) {
  empty("base", DiskFormat::qcow2);
  overlay("top", "base");
  const std::string before = content("top");
  // A lock of a writer, as QEMU takes it (block/file-posix.c).
  const os::Fd file = os::open_file(volume("top"), O_RDWR);
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 201;
  lock.l_len = 1;
  ASSERT_EQ(::fcntl(file.get(), F_OFD_SETLK, &lock), 0);
  EXPECT_EQ(failure([&]() -> Awaitable<> { co_await storage().merge_below(volume("top"), {}); }).code(), "image.in_use");
  EXPECT_EQ(depth("top"), 2U);
}

}  // namespace
}  // namespace visor::storage::testing
