#include "deploy/fat_volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/error.h"

namespace visor::deploy {
namespace {

using testing::HasSubstr;

std::string bytes_of(const FatVolume& volume) {
  std::string bytes(volume.size.count, '\0');
  for (const FatPiece& piece : make_fat_volume(volume)) bytes.replace(piece.offset, piece.bytes.size(), piece.bytes);
  return bytes;
}

/// A small FAT16 reader, written from the specification and not from the writer.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string read(const std::string& path) const {
    std::string directory = bytes_.substr(root(), number(17, 2) * 32);
    std::string rest = path;
    for (;;) {
      const std::size_t slash = rest.find('/');
      const std::string found = find(directory, rest.substr(0, slash));
      if (found.empty()) return "(missing)";
      const std::string content = chain(value(found, 26, 2));
      if (slash == std::string::npos) return content.substr(0, value(found, 28, 4));
      directory = content;
      rest = rest.substr(slash + 1);
    }
  }

 private:
  static std::uint64_t value(const std::string& from, std::size_t at, std::size_t width) {
    std::uint64_t result = 0;
    for (std::size_t i = width; i > 0; --i) result = result * 256 + static_cast<unsigned char>(from[at + i - 1]);
    return result;
  }
  std::uint64_t number(std::size_t at, std::size_t width) const { return value(bytes_, at, width); }
  std::uint64_t fat() const { return number(14, 2) * 512; }
  std::uint64_t root() const { return fat() + number(16, 1) * number(22, 2) * 512; }

  std::string chain(std::uint64_t cluster) const {
    const std::uint64_t size = number(13, 1) * 512;
    const std::uint64_t data = root() + number(17, 2) * 32;
    std::string content;
    for (; cluster >= 2 && cluster < 0xFFF8; cluster = number(fat() + cluster * 2, 2))
      content += bytes_.substr(data + (cluster - 2) * size, size);
    return content;
  }

  static std::string find(const std::string& directory, const std::string& wanted) {
    std::string long_name;
    for (std::size_t at = 0; at + 32 <= directory.size() && directory[at] != '\0'; at += 32) {
      const std::string entry = directory.substr(at, 32);
      if (entry[11] == 0x0F) {
        std::string part;
        for (const std::size_t place : {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}) {
          if (value(entry, place, 2) != 0 && value(entry, place, 2) != 0xFFFF) part += entry[place];
        }
        long_name = part + long_name;
        continue;
      }
      if (entry[11] == 0x08) continue;  // the label is not a file
      std::string name = entry.substr(0, entry.find(' ') < 8 ? entry.find(' ') : 8);
      const std::string extension = entry.substr(8, entry.find(' ', 8) < 11 ? entry.find(' ', 8) - 8 : 3);
      if (!extension.empty()) name += "." + extension;
      if ((long_name.empty() ? name : long_name) == wanted) return entry;
      long_name.clear();
    }
    return {};
  }

  std::string bytes_;
};

TEST(FatVolume, a_guest_reads_back_every_file_of_its_seed) {
  const FatVolume volume{
      .label = "CIDATA",
      .id = 0x12345678,
      .size = 4_MiB,
      .files = {{"user-data", "#cloud-config\n{}"}, {"meta-data", std::string(70000, 'm')}, {"network-config", ""}}};
  const Reader reader(bytes_of(volume));
  EXPECT_EQ(reader.read("user-data"), "#cloud-config\n{}");
  EXPECT_TRUE(reader.read("meta-data") == std::string(70000, 'm'));
  EXPECT_EQ(reader.read("network-config"), "");
}

TEST(FatVolume, firmware_finds_the_boot_loader_in_its_directories) {
  const FatVolume volume{.label = "EFI",
                         .id = 1,
                         .size = 64_MiB,
                         .files = {{"EFI/BOOT/BOOTX64.EFI", std::string(1'000'001, 's')},
                                   {"EFI/BOOT/grubx64.efi", std::string(4'000'000, 'g')},
                                   {"EFI/debian/grub.cfg", "configfile"}}};
  const Reader reader(bytes_of(volume));
  EXPECT_TRUE(reader.read("EFI/BOOT/BOOTX64.EFI") == std::string(1'000'001, 's'));
  EXPECT_TRUE(reader.read("EFI/BOOT/grubx64.efi") == std::string(4'000'000, 'g'));
  EXPECT_EQ(reader.read("EFI/debian/grub.cfg"), "configfile");
}

TEST(FatVolume, has_the_label_and_number_by_which_the_guest_looks_for_it) {
  const std::string bytes = bytes_of({.label = "CIDATA", .id = 0x1A2B3C4D, .size = 4_MiB, .files = {}});
  EXPECT_EQ(bytes.substr(43, 11), "CIDATA     ");
  EXPECT_EQ(bytes.substr(39, 4), "\x4D\x3C\x2B\x1A");
  EXPECT_EQ(fat_uuid(0x1A2B3C4D), "1A2B-3C4D");
  EXPECT_EQ(fat_uuid(0x0000000F), "0000-000F");
}

TEST(FatVolume, the_same_input_makes_the_same_bytes) {
  const FatVolume volume{.label = "CIDATA", .id = 7, .size = 4_MiB, .files = {{"a", "1"}, {"long-name.text", "2"}}};
  EXPECT_TRUE(bytes_of(volume) == bytes_of(volume));
}

TEST(FatVolume, files_that_do_not_fit_are_refused_instead_of_cut) {
  const FatVolume volume{.label = "CIDATA", .id = 1, .size = 4_MiB, .files = {{"big", std::string(5U << 20U, 'x')}}};
  try {
    make_fat_volume(volume);
    FAIL() << "a volume with a cut file was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "image.volume_too_small");
    EXPECT_THAT(error.what(), HasSubstr("4 MiB"));
  }
}

TEST(FatVolume, names_that_would_leave_the_volume_are_refused) {
  for (const std::string name : {"../etc", "a//b", "a:b", "", "\xC3\xA4"}) {
    EXPECT_THROW(make_fat_volume({.label = "X", .id = 1, .size = 4_MiB, .files = {{name, "x"}}}), Error) << name;
  }
  EXPECT_THROW(make_fat_volume({.label = "X", .id = 1, .size = 4_MiB, .files = {{"a", "x"}, {"a", "y"}}}), Error);
  EXPECT_THROW(make_fat_volume({.label = "X", .id = 1, .size = 4_MiB, .files = {{"a", "x"}, {"a/b", "y"}}}), Error);
}

}  // namespace
}  // namespace visor::deploy
