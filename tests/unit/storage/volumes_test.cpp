#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>

#include "base/bytes.h"
#include "os/file.h"
#include "storage/qemu_img.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

using model::DiskFormat;

class VolumesTest : public StorageTest {
 protected:
  void overlay(const std::filesystem::path& volume, const std::filesystem::path& base, Bytes size = {}) {
    run([&]() -> Awaitable<> { co_await storage().create_overlay(volume, base, size); });
  }
  Error overlay_failure(const std::filesystem::path& volume, const std::filesystem::path& base, Bytes size = {}) {
    return failure([&]() -> Awaitable<> { co_await storage().create_overlay(volume, base, size); });
  }
  void empty(const std::filesystem::path& volume, DiskFormat format, Bytes size) {
    run([&]() -> Awaitable<> { co_await storage().create_empty(volume, format, size); });
  }
  Error empty_failure(const std::filesystem::path& volume, DiskFormat format, Bytes size) {
    return failure([&]() -> Awaitable<> { co_await storage().create_empty(volume, format, size); });
  }
  std::vector<Storage::Layer> chain(const std::filesystem::path& top, DiskFormat format = DiskFormat::qcow2) {
    return get<std::vector<Storage::Layer>>([&] { return storage().chain(top, format); });
  }
  std::string chain_failure(const std::filesystem::path& top) {
    return failure([&]() -> Awaitable<> { co_await storage().chain(top, DiskFormat::qcow2); }).code();
  }
  std::filesystem::path own_image(const std::string& name = "base") {
    std::filesystem::rename(make_disk("new", "qcow2"), dir("images") / name);
    return dir("images") / name;
  }
  void raw_overlay(const std::filesystem::path& file, const std::string& backing, const std::string& format = "qcow2") {
    program("qemu-img", {"create", "-u", "-f", "qcow2", "-F", format, "-b", backing, file, "8M"});
  }
};

TEST_F(VolumesTest, OverlayReadsItsBaseInTheRealQemu) {
  const auto base = own_image();
  overlay(dir("volumes") / "top", base);
  EXPECT_EQ(program("qemu-img", {"compare", "-f", "qcow2", "-F", "qcow2", base, dir("volumes") / "top"}),
            "Images are identical.\n");
  struct stat info {};
  ASSERT_EQ(::stat((dir("volumes") / "top").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(entries(dir("volumes")), 1U);
}

TEST_F(VolumesTest, TheNextDiskOfAKindIsWhatQemuImgMadeForTheFirst) {
  const auto base = own_image();
  const auto content = [&](const std::string& name) { return os::read_file(dir("volumes") / name); };
  overlay(dir("volumes") / "first", base, 1_GiB);
  overlay(dir("volumes") / "other-size", base, 2_GiB);
  overlay(dir("volumes") / "other-base", own_image("second-base"), 1_GiB);
  empty(dir("volumes") / "no-base", DiskFormat::qcow2, 1_GiB);
  const std::string first = content("first");
  // What a guest writes into one is not in the next.
  program("qemu-io", {"-f", "qcow2", "-c", "write 0 64k", dir("volumes") / "first"});
  overlay(dir("volumes") / "next", base, 1_GiB);
  EXPECT_EQ(content("next"), first);
  EXPECT_LE(os::allocated_size(dir("volumes") / "next").count, std::uint64_t{32} << 10U);
  for (const char* other : {"other-size", "other-base", "no-base"}) EXPECT_NE(content(other), first) << other;
  empty(dir("volumes") / "no-base-2", DiskFormat::qcow2, 1_GiB);
  EXPECT_EQ(content("no-base-2"), content("no-base"));
  empty(dir("volumes") / "raw", DiskFormat::raw, 1_GiB);
  EXPECT_EQ(std::filesystem::file_size(dir("volumes") / "raw"), std::uint64_t{1} << 30U);
  program("qemu-img", {"check", "-f", "qcow2", dir("volumes") / "next"});
}

TEST_F(VolumesTest, OverlaySurvivesThatTheStateDirectoryMoves) {
  overlay(dir("volumes") / "top", own_image());
  const auto moved = directory_.path() / "moved";
  std::filesystem::create_directory(moved);
  std::filesystem::rename(dir("images"), moved / "images");
  std::filesystem::rename(dir("volumes"), moved / "volumes");
  storage_.emplace(moved / "images", moved / "volumes");
  EXPECT_EQ(chain(moved / "volumes" / "top").size(), 2U);
}

TEST_F(VolumesTest, OverlayMayGrowButNotShrink) {
  const auto base = own_image();
  overlay(dir("volumes") / "bigger", base, 1_GiB);
  EXPECT_EQ(inspect(dir("volumes") / "bigger").virtual_size, 1_GiB);
  EXPECT_EQ(overlay_failure(dir("volumes") / "smaller", base, 4_MiB).code(), "volume.too_small");
}

TEST_F(VolumesTest, NothingThatExistsIsReplaced) {
  write_file(dir("volumes") / "precious", "data");
  EXPECT_EQ(empty_failure(dir("volumes") / "precious", DiskFormat::raw, 1_MiB).code(), "volume.exists");
  std::filesystem::create_symlink("/nowhere", dir("volumes") / "dangling");
  EXPECT_EQ(empty_failure(dir("volumes") / "dangling", DiskFormat::raw, 1_MiB).code(), "volume.exists");
  EXPECT_EQ(os::read_file(dir("volumes") / "precious"), "data");
}

TEST_F(VolumesTest, VolumesAreMadeNowhereElse) {
  EXPECT_EQ(empty_failure(dir("user") / "v", DiskFormat::raw, 1_MiB).code(), "image.outside");
  EXPECT_EQ(empty_failure(dir("volumes") / ".." / "user" / "v", DiskFormat::raw, 1_MiB).code(), "image.outside");
  EXPECT_EQ(empty_failure(dir("volumes") / "..", DiskFormat::raw, 1_MiB).code(), "volume.bad_name");
  EXPECT_EQ(empty_failure("relative", DiskFormat::raw, 1_MiB).code(), "volume.bad_name");
  EXPECT_EQ(overlay_failure(dir("volumes") / "v", make_disk("foreign", "qcow2")).code(), "image.outside");
  EXPECT_EQ(entries(dir("user")), 2U);
}

TEST_F(VolumesTest, EmptyVolumesHaveTheirSizeAndTakeNoSpace) {
  empty(dir("volumes") / "raw", DiskFormat::raw, 1_TiB);
  empty(dir("volumes") / "qcow2", DiskFormat::qcow2, 1_TiB);
  EXPECT_EQ(inspect(dir("volumes") / "raw", DiskFormat::raw).virtual_size, 1_TiB);
  EXPECT_EQ(inspect(dir("volumes") / "qcow2").virtual_size, 1_TiB);
  EXPECT_LT(os::allocated_size(dir("volumes") / "raw"), 1_MiB);
}

TEST_F(VolumesTest, AbsurdSizesAndFormatsAreRefused) {
  for (const Bytes size : {Bytes{0}, Bytes{1}, Bytes{513}, Bytes{std::uint64_t{1} << 60U}, Bytes{~std::uint64_t{0}}}) {
    EXPECT_EQ(empty_failure(dir("volumes") / "v", DiskFormat::qcow2, size).code(), "volume.bad_size") << size.count;
  }
  EXPECT_EQ(empty_failure(dir("volumes") / "v", DiskFormat::vmdk, 1_MiB).code(), "volume.bad_format");
  EXPECT_EQ(entries(dir("volumes")), 0U);
}

TEST_F(VolumesTest, StrangeVolumeNamesAreJustNames) {
  const auto base = own_image("ba,se=x");
  for (const char* name : {"-u", "a,b", "nbd:x", "line\nbreak"}) {
    overlay(dir("volumes") / name, base);
    EXPECT_EQ(chain(dir("volumes") / name).size(), 2U) << name;
  }
}

TEST_F(VolumesTest, ChainListsEveryLayerWithItsFormat) {
  const auto base = own_image();
  overlay(dir("volumes") / "middle", base);
  overlay(dir("volumes") / "top", dir("volumes") / "middle");
  const auto layers = chain(dir("volumes") / "top");
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].path.filename(), "top");
  EXPECT_EQ(layers[1].path.filename(), "middle");
  EXPECT_EQ(layers[2].path, std::filesystem::canonical(base));
  EXPECT_EQ(layers[2].format, DiskFormat::qcow2);
}

TEST_F(VolumesTest, ChainEndsAtARawLayerWhateverTheGuestWroteThere) {
  raw_overlay(dir("images") / "rawbase", "/etc/shadow", "raw");
  raw_overlay(dir("volumes") / "top", dir("images") / "rawbase", "raw");
  const auto layers = chain(dir("volumes") / "top");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[1].format, DiskFormat::raw);
  EXPECT_EQ(chain(dir("images") / "rawbase", DiskFormat::raw).size(), 1U);
}

TEST_F(VolumesTest, ChainNeverLeavesTheOwnDirectories) {
  const auto top = dir("volumes") / "top";
  raw_overlay(top, "/etc/shadow", "raw");
  EXPECT_EQ(chain_failure(top), "image.outside");
  raw_overlay(top, "../user/../../../../../../../etc/passwd", "raw");
  EXPECT_EQ(chain_failure(top), "image.outside");
  std::filesystem::create_symlink("/etc/passwd", dir("images") / "link");
  raw_overlay(top, dir("images") / "link", "raw");
  EXPECT_EQ(chain_failure(top), "image.outside");
  raw_overlay(top, "nbd:unix:/x", "raw");
  EXPECT_EQ(chain_failure(top), "image.has_backing_file");
  raw_overlay(top, "json:{\"driver\":\"null-co\"}", "raw");
  EXPECT_EQ(chain_failure(top), "image.has_backing_file");
  raw_overlay(top, dir("images") / "missing");
  EXPECT_EQ(chain_failure(top), "image.source_not_found");
}

TEST_F(VolumesTest, ChainNeedsAStatedFormatAndAnEnd) {
  const auto base = own_image();
  const auto top = dir("volumes") / "top";
  program("qemu-img", {"create", "-f", "qcow2", "-F", "qcow2", "-b", base, top});
  std::fstream bytes(top, std::ios::in | std::ios::out | std::ios::binary);
  std::string head(4096, '\0');
  bytes.read(head.data(), 4096);
  const std::size_t extension = head.find("\xE2\x79\x2A\xCA");
  ASSERT_NE(extension, std::string::npos);
  bytes.seekp(static_cast<std::streamoff>(extension));
  bytes.write("\x12\x34\x56\x78", 4);  // an unknown, hence ignored, extension
  bytes.close();
  EXPECT_EQ(chain_failure(top), "image.backing_format");
  std::filesystem::remove(top);
  raw_overlay(top, "./top");
  EXPECT_EQ(chain_failure(top), "image.chain_too_long");
}

TEST_F(VolumesTest, ChainIsQuickEnoughForEveryStart) {
  overlay(dir("volumes") / "middle", own_image());
  overlay(dir("volumes") / "top", dir("volumes") / "middle");
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    chain(dir("volumes") / "top");
    best = std::min(best, std::chrono::steady_clock::now() - start);
  }
  RecordProperty("microseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(best).count()));
  EXPECT_LT(best, std::chrono::milliseconds(1));
}

TEST_F(VolumesTest, LeftoversOfAKilledDaemonGo) {
  std::filesystem::create_directory(dir("volumes") / ".visor-0123456789abcdef.tmp");
  write_file(dir("volumes") / ".visor-0123456789abcdef.tmp" / "disk", "half");
  write_file(dir("volumes") / "disk0", "whole");
  storage().remove_leftovers();
  EXPECT_EQ(entries(dir("volumes")), 1U);
  EXPECT_EQ(os::read_file(dir("volumes") / "disk0"), "whole");
}

TEST_F(VolumesTest, NoSpaceIsSaidBeforeAnythingIsWritten) {
  try {
    Storage::require_space(dir("volumes"), Bytes{std::uint64_t{1} << 60U});
    FAIL() << "an exbibyte was free";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "host.no_space");
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
  }
}

TEST(ConvertProgress, OnlyProgressLinesCount) {
  EXPECT_EQ(parse_convert_progress("    (50.00/100%)"), 0.5);
  EXPECT_EQ(parse_convert_progress("(100.00/100%)"), 1.0);
  EXPECT_FALSE(parse_convert_progress("(nan/100%)"));
  EXPECT_FALSE(parse_convert_progress("(250.00/100%)"));
  EXPECT_FALSE(parse_convert_progress("qemu-img: error (5)"));
}

}  // namespace
}  // namespace visor::storage::testing
