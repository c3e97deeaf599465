#include "storage/write_iso.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

namespace visor::storage::testing {
namespace {

class WriteIsoTest : public StorageTest {
 protected:
  WriteIsoTest() { std::filesystem::create_directory(folder()); }
  std::filesystem::path folder() const { return dir("user") / "folder"; }
  std::filesystem::path target() const { return dir("images") / "disc.iso"; }
  FolderContent read() const {
    Meter meter;
    return read_folder(folder(), meter);
  }
  Error read_failure() const {
    try {
      read();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::internal, "", "no error"};
  }
  Bytes write(FolderContent content) {
    return get<Bytes>(
        [&] { return write_iso({.folder = folder(), .target = target(), .label = "LABEL", .content = content}, {}); });
  }
  /// The identifiers of the volume structures from sector 16 on (ECMA-119 8.1, ECMA-167 2/9.1).
  std::vector<std::string> structures() const {
    std::vector<std::string> all;
    const os::Fd file = os::open_file(target(), O_RDONLY);
    for (std::uint64_t sector = 16; sector < 32; ++sector) {
      const std::string id = os::read_at(file.get(), sector * 2048 + 1, Bytes{5});
      if (id == "CD001" || id == "BEA01" || id == "NSR02" || id == "TEA01") all.push_back(id);
    }
    return all;
  }
};

TEST_F(WriteIsoTest, AFolderIsCountedInSectorsAndItsLinksAreNotFollowed) {
  std::filesystem::create_directories(folder() / "a" / "b");
  write_file(folder() / "a" / "one", "1");
  write_file(folder() / "a" / "b" / "two", std::string(2049, '2'));
  std::filesystem::create_symlink("/", folder() / "root");
  const FolderContent content = read();
  EXPECT_EQ(content.entries, 5U);
  EXPECT_EQ(content.size, Bytes{3 * 2048});
  EXPECT_EQ(content.largest, Bytes{2049});
}

TEST_F(WriteIsoTest, OnlyAFileThatIso9660CannotTellOfNeedsUdf) {
  EXPECT_FALSE(needs_udf({.largest = Bytes{0xFFFFFFFFU}}));
  EXPECT_TRUE(needs_udf({.largest = Bytes{std::uint64_t{1} << 32U}}));
}

TEST_F(WriteIsoTest, WhatNoDiscCanHoldIsNamed) {
  EXPECT_EQ(failure([&]() -> Awaitable<> {
              Meter meter;
              read_folder(folder() / "none", meter);
              co_return;
            }).code(),
            "iso.no_folder");
  write_file(folder() / "bad\xff", "1");
  const Error error = read_failure();
  EXPECT_EQ(error.code(), "iso.bad_name");
  EXPECT_NE(std::string(error.what()).find("bad\\xff"), std::string::npos) << error.what();
}

TEST_F(WriteIsoTest, ADiscHasTheTreesOfBothWorldsAndIsReadOnly) {
  write_file(folder() / "-dash=x", "1");
  const Bytes size = write(read());
  EXPECT_EQ(structures(), (std::vector<std::string>{"CD001", "CD001", "CD001"}));
  struct stat status {};
  ASSERT_EQ(::stat(target().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0444U);
  EXPECT_EQ(Bytes{static_cast<std::uint64_t>(status.st_size)}, size);
  EXPECT_EQ(entries(dir("images")), 1U);
}

TEST_F(WriteIsoTest, ADiscWithALargeFileHasUdfToo) {
  write_file(folder() / "one", "1");
  FolderContent content = read();
  content.largest = 5_GiB;
  write(content);
  const std::vector<std::string> all = structures();
  EXPECT_EQ(std::count(all.begin(), all.end(), "NSR02"), 1) << "no UDF";
}

TEST_F(WriteIsoTest, AFolderThatHoldsTheTargetIsRefused) {
  std::filesystem::create_directory_symlink(dir("images"), dir("user") / "link");
  for (const auto& [source, place] : {std::pair(dir("user").parent_path(), dir("images")),
                                      std::pair(dir("images"), dir("images")), std::pair(dir("images"), dir("user") / "link")}) {
    const Error error = failure([&]() -> Awaitable<> {
      co_await write_iso({.folder = source, .target = place / "disc.iso", .label = "X", .content = {}}, {});
    });
    EXPECT_EQ(error.code(), "iso.contains_itself") << source << " " << place;
  }
}

TEST_F(WriteIsoTest, ALinkIsWrittenAsALink) {
  write_file(dir("user") / "elsewhere", "what is outside of the folder");
  std::filesystem::create_symlink(dir("user") / "elsewhere", folder() / "link");
  write(read());
  const std::string disc = os::read_file(target());
  EXPECT_EQ(disc.find("what is outside"), std::string::npos);
  EXPECT_NE(disc.find("elsewhere"), std::string::npos);
}

TEST_F(WriteIsoTest, NamesThatWindowsCannotTellApartAreAnErrorThatNamesThem) {
  const std::string same(150, 'n');
  write_file(folder() / (same + "1"), "1");
  write_file(folder() / (same + "2"), "2");
  const Error error = failure([&]() -> Awaitable<> {
    co_await write_iso({.folder = folder(), .target = target(), .label = "X", .content = read()}, {});
  });
  EXPECT_EQ(error.code(), "iso.write_failed");
  EXPECT_NE(std::string(error.what()).find("same Joliet name"), std::string::npos) << error.what();
  EXPECT_EQ(entries(dir("images")), 0U);
}

TEST(IsoProgress, OnlyLinesThatTellAFractionDo) {
  EXPECT_DOUBLE_EQ(parse_iso_progress(" 12.50% done, estimate finish Mon Nov 23 22:31:19 2026").value_or(-1), 0.125);
  EXPECT_FALSE(parse_iso_progress("Total translation table size: 0"));
  EXPECT_FALSE(parse_iso_progress("x% done"));
}

}  // namespace
}  // namespace visor::storage::testing
