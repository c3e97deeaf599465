#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/bytes.h"
#include "loop/task_group.h"
#include "loop/timeout.h"
#include "os/fd.h"
#include "os/file.h"
#include "storage/copy_file.h"
#include "storage/copy_volume.h"
#include "storage/volume_files.h"
#include "storage/write_disk.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

using model::DiskFormat;

class CopyTest : public StorageTest {
 protected:
  std::filesystem::path volume(const std::string& name) const { return dir("volumes") / name; }

  void qemu_io(const std::filesystem::path& file, const std::string& command, const std::string& format = "qcow2") {
    program("qemu-io", {"-f", format, "-c", command, file});
  }
  /// An image with 4 MiB of ones in 32 MiB.
  std::filesystem::path image() {
    program("qemu-img", {"create", "-f", "qcow2", dir("images") / "base", "32M"});
    qemu_io(dir("images") / "base", "write -P 1 0 4M");
    return dir("images") / "base";
  }
  void overlay(const std::string& name, const std::string& backing, const std::string& format = "qcow2") {
    program("qemu-img", {"create", "-u", "-f", "qcow2", "-F", format, "-b", backing, volume(name), "32M"});
  }
  CopyWay copy(const std::string& from, const std::string& to, DiskFormat format = DiskFormat::qcow2) {
    return get<CopyWay>(
        [&] { return copy_volume(storage(), {.from = volume(from), .format = format, .to = volume(to)}, [](Bytes) {}); });
  }
  std::vector<std::filesystem::path> chain(const std::filesystem::path& top) {
    std::vector<std::filesystem::path> files;
    for (const auto& layer : get<std::vector<Storage::Layer>>([&] { return storage().chain(top, DiskFormat::qcow2); }))
      files.push_back(layer.path);
    return files;
  }
  std::string compare(const std::filesystem::path& a, const std::filesystem::path& b, const std::string& format = "qcow2") {
    return program("qemu-img", {"compare", "-f", format, "-F", "qcow2", a, b});
  }
  std::string digest(const std::filesystem::path& file) { return program("sha256sum", {"-b", file}).substr(0, 64); }

  /// Copies between two paths without sharing; returns the bytes that were written.
  static std::uint64_t copy_bytes(const std::filesystem::path& from, const std::filesystem::path& to) {
    const os::Fd source = os::open_file(from, O_RDONLY);
    const os::Fd target = os::open_file(to, O_RDWR | O_CREAT | O_EXCL);
    Meter meter;
    copy_content({source.get(), target.get(), from.native()}, meter);
    return meter.done;
  }
  /// 1 MiB at the start, 3 MiB and 5 bytes after a long hole, a hole at the end.
  std::filesystem::path sparse_file() {
    const auto file = dir("user") / "sparse";
    write_file(file, std::string(1_MiB .count, 'a'));
    std::filesystem::resize_file(file, (200_MiB).count);
    std::ofstream(file, std::ios::binary | std::ios::app) << std::string((3_MiB).count + 5, 'z');
    std::filesystem::resize_file(file, (300_MiB).count);
    return file;
  }
};

TEST_F(CopyTest, HolesStayHolesAndEveryByteIsThere) {
  const auto file = sparse_file();
  const std::uint64_t written = copy_bytes(file, dir("user") / "copy");
  EXPECT_EQ(digest(dir("user") / "copy"), digest(file));
  EXPECT_EQ(std::filesystem::file_size(dir("user") / "copy"), (300_MiB).count);
  EXPECT_LT(written, (5_MiB).count);
  EXPECT_LT(os::allocated_size(dir("user") / "copy"), 5_MiB);
}

TEST_F(CopyTest, EmptyFileAndFileOfOneHoleAreCopied) {
  write_file(dir("user") / "empty", "");
  write_file(dir("user") / "hole", "");
  std::filesystem::resize_file(dir("user") / "hole", (64_MiB).count);
  EXPECT_EQ(copy_bytes(dir("user") / "empty", dir("user") / "a"), 0U);
  EXPECT_EQ(copy_bytes(dir("user") / "hole", dir("user") / "b"), 0U);
  EXPECT_EQ(std::filesystem::file_size(dir("user") / "b"), (64_MiB).count);
}

TEST_F(CopyTest, BetweenFileSystemsTheKernelCannotCopyAndTheBufferDoes) {
  const std::filesystem::path other = "/dev/shm/visor-copy-test-" + std::to_string(::getpid());
  struct stat here {};
  struct stat there {};
  if (::stat("/dev/shm", &there) != 0 || ::stat(dir("user").c_str(), &here) != 0 || here.st_dev == there.st_dev)
    GTEST_SKIP() << "there is no second file system";
  const auto file = sparse_file();
  const std::uint64_t written = copy_bytes(file, other);
  const std::string found = digest(other);
  os::remove_tree(other);
  EXPECT_EQ(found, digest(file));
  EXPECT_LT(written, (5_MiB).count);
}

TEST_F(CopyTest, CopyThatIsToldToStopStops) {
  const auto file = sparse_file();
  const os::Fd source = os::open_file(file, O_RDONLY);
  const os::Fd target = os::open_file(dir("user") / "copy", O_RDWR | O_CREAT | O_EXCL);
  Meter meter;
  meter.stop = true;
  try {
    copy_content({source.get(), target.get(), "sparse"}, meter);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "task.cancelled");
  }
  EXPECT_EQ(meter.done, 0U);
}

TEST_F(CopyTest, CopyIsTheSameWhetherTheFileSystemSharesOrNot) {
  program("qemu-img", {"create", "-f", "raw", volume("disk"), "32M"});
  qemu_io(volume("disk"), "write -P 7 8M 3M", "raw");
  const bool shares = get<bool>([&] { return can_share(volume("disk")); });
  EXPECT_EQ(entries(dir("volumes")), 1U);
  EXPECT_EQ(copy("disk", "copy", DiskFormat::raw), shares ? CopyWay::shared : CopyWay::copied);
  EXPECT_EQ(digest(volume("copy")), digest(volume("disk")));
  struct stat info {};
  ASSERT_EQ(::stat(volume("copy").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(CopyTest, LinkedVolumeStaysOnItsImageAndOnlyItsOwnFileIsCopied) {
  image();
  overlay("top", "./../images/base");
  qemu_io(volume("top"), "write -P 2 2M 4M");
  const Bytes own = get<Bytes>([&] { return bytes_to_copy(storage(), volume("top"), DiskFormat::qcow2); });
  EXPECT_EQ(own, os::allocated_size(volume("top")));
  copy("top", "copy");
  EXPECT_EQ(chain(volume("copy")), (std::vector{volume("copy"), dir("images") / "base"}));
  EXPECT_EQ(compare(volume("top"), volume("copy")), "Images are identical.\n");
  // What is written to one is not in the other.
  qemu_io(volume("copy"), "write -P 9 0 1M");
  qemu_io(volume("top"), "read -P 1 0 1M");
}

TEST_F(CopyTest, VolumesOnVolumesBecomeOneFileOnTheSameImage) {
  image();
  overlay("bottom", "./../images/base");
  qemu_io(volume("bottom"), "write -P 2 2M 8M");
  qemu_io(volume("bottom"), "write -z 0 1M");
  overlay("middle", "./bottom");
  qemu_io(volume("middle"), "write -P 3 9M 3M");
  overlay("top", "./middle");
  qemu_io(volume("top"), "write -P 4 20M 64k");
  const std::string before = digest(volume("bottom")) + digest(volume("middle")) + digest(volume("top"));
  EXPECT_EQ(copy("top", "copy"), CopyWay::copied);
  EXPECT_EQ(chain(volume("copy")), (std::vector{volume("copy"), dir("images") / "base"}));
  EXPECT_EQ(compare(volume("top"), volume("copy")), "Images are identical.\n");
  EXPECT_EQ(digest(volume("bottom")) + digest(volume("middle")) + digest(volume("top")), before);
  EXPECT_EQ(entries(dir("volumes")), 4U);
  const std::string info = program("qemu-img", {"info", "-U", volume("copy")});
  EXPECT_NE(info.find("backing file: ./../images/base"), std::string::npos) << info;
  for (const char* layer : {"bottom", "middle", "top"}) std::filesystem::remove(volume(layer));
  qemu_io(volume("copy"), "read -P 0 0 1M");
  qemu_io(volume("copy"), "read -P 1 1M 1M");
  qemu_io(volume("copy"), "read -P 2 2M 7M");
  qemu_io(volume("copy"), "read -P 3 9M 3M");
}

TEST_F(CopyTest, ChainThatStandsOnNothingBecomesAStandAloneFile) {
  program("qemu-img", {"create", "-f", "raw", volume("bottom"), "32M"});
  qemu_io(volume("bottom"), "write -P 5 0 3M", "raw");
  overlay("top", "./bottom", "raw");
  qemu_io(volume("top"), "write -P 6 1M 1M");
  copy("top", "copy");
  EXPECT_EQ(chain(volume("copy")), std::vector{volume("copy")});
  EXPECT_EQ(compare(volume("top"), volume("copy")), "Images are identical.\n");
}

TEST_F(CopyTest, CancelledCopyLeavesNothing) {
  write_file(volume("disk"), "");
  std::ofstream bytes(volume("disk"), std::ios::binary);
  const std::string block((1_MiB).count, 'x');
  for (int i = 0; i < 512; ++i) bytes.write(block.data(), static_cast<std::streamsize>(block.size()));
  bytes.close();
  if (get<bool>([&] { return can_share(volume("disk")); })) GTEST_SKIP() << "a shared copy has no middle";
  Error outcome(ErrorKind::internal, "", "not cancelled");
  run([&]() -> Awaitable<> {
    loop::TaskGroup group(loop_.executor());
    group.spawn("copy", [&]() -> Awaitable<> {
      try {
        co_await copy_volume(storage(), {volume("disk"), DiskFormat::raw, volume("copy")}, [](Bytes) {});
        outcome = Error(ErrorKind::internal, "ended", "It was faster.");
      } catch (const Error& error) {
        outcome = error;
      }
    });
    while (entries(dir("volumes")) < 2) co_await loop::sleep_for(std::chrono::milliseconds(1));
    co_await group.close();
  });
  EXPECT_EQ(outcome.code(), "task.cancelled");
  EXPECT_EQ(entries(dir("volumes")), 1U);
}

TEST_F(CopyTest, CopyNeverReplacesAFile) {
  program("qemu-img", {"create", "-f", "qcow2", volume("disk"), "32M"});
  write_file(volume("taken"), "mine");
  const Error error = failure([&]() -> Awaitable<> {
    co_await copy_volume(storage(), {volume("disk"), DiskFormat::qcow2, volume("taken")}, [](Bytes) {});
  });
  EXPECT_EQ(error.code(), "volume.exists");
  EXPECT_EQ(os::read_file(volume("taken")), "mine");
}

TEST_F(CopyTest, ExportedImageIsStandAloneReadOnlyAndHoldsTheWholeChain) {
  image();
  overlay("bottom", "./../images/base");
  qemu_io(volume("bottom"), "write -P 2 2M 4M");
  overlay("top", "./bottom");
  qemu_io(volume("top"), "write -P 3 5M 1M");
  for (const bool compress : {false, true}) {
    const auto target = dir("images") / (compress ? "small" : "plain");
    DiskWrite wanted{.disk = volume("top"), .target = target, .compress = compress, .mode = kImageMode};
    EXPECT_EQ(get<Bytes>([&] { return write_disk(storage(), wanted, [](double, const std::string&) {}); }), 32_MiB);
    EXPECT_EQ(chain(target), std::vector{target});
    EXPECT_EQ(compare(volume("top"), target), "Images are identical.\n");
    struct stat info {};
    ASSERT_EQ(::stat(target.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0400U);
  }
  EXPECT_LT(os::allocated_size(dir("images") / "small").count * 4, os::allocated_size(dir("images") / "plain").count);
}

TEST_F(CopyTest, VolumesTellWhatTheyStandOnAndADamagedOneSaysSo) {
  image();
  overlay("top", "./../images/base");
  write_file(volume("plain"), std::string(1024, 'p'));
  write_file(volume("stated"), "short");
  std::filesystem::create_directory(volume(".visor-x.tmp"));
  const auto found = read_volume_files(dir("volumes"), {{"stated", DiskFormat::qcow2}, {"plain", DiskFormat::raw}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "plain");
  EXPECT_EQ(found[0].virtual_size, Bytes{1024});
  EXPECT_FALSE(found[1].problem.empty());
  EXPECT_EQ(found[2].format, DiskFormat::qcow2);
  EXPECT_EQ(found[2].virtual_size, 32_MiB);
  EXPECT_EQ(found[2].stands_on, (dir("images") / "base").native());
}

}  // namespace
}  // namespace visor::storage::testing
