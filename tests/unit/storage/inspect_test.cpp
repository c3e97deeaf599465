#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "support.h"

namespace visor::storage::testing {
namespace {

using model::DiskFormat;

class InspectTest : public StorageTest {
 protected:
  /// `file` shortened to a share of its bytes.
  std::filesystem::path cut(const std::filesystem::path& file, double share) {
    std::filesystem::path copy = file;
    copy += ".cut";
    std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(copy,
                                 static_cast<std::uintmax_t>(static_cast<double>(std::filesystem::file_size(file)) * share));
    return copy;
  }
};

TEST_F(InspectTest, EveryFormatIsDetectedAndMayBeStated) {
  for (const DiskFormat format : {DiskFormat::raw, DiskFormat::qcow2, DiskFormat::vmdk, DiskFormat::vhdx, DiskFormat::vdi}) {
    const std::string name = json::enum_name(format);
    const auto file = make_disk("disk-" + name, name);
    const DiskFileInfo found = inspect(file);
    EXPECT_EQ(found.format, format);
    EXPECT_EQ(found.virtual_size, 8_MiB) << name;
    EXPECT_GE(found.file_size, 3_MiB) << name;
    EXPECT_FALSE(found.backing_file);
    EXPECT_EQ(inspect(file, format).format, format);
  }
}

TEST_F(InspectTest, StreamOptimizedVmdkOfAnApplianceIsAccepted) {
  const auto raw = make_disk("raw", "raw");
  const auto file = dir("user") / "stream.vmdk";
  program("qemu-img", {"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, file});
  EXPECT_EQ(inspect(file).virtual_size, 8_MiB);
}

TEST_F(InspectTest, StatedFormatMustBeTrue) {
  EXPECT_EQ(inspect_failure(make_disk("a", "vdi"), DiskFormat::qcow2).code(), "image.not_an_image");
  EXPECT_NE(inspect_failure(make_disk("b", "vdi"), DiskFormat::qcow2).hint().find("vdi"), std::string::npos);
}

TEST_F(InspectTest, StatedRawIsNeverProbed) {
  const auto file = make_disk("a", "qcow2");
  EXPECT_EQ(inspect(file, DiskFormat::raw).format, DiskFormat::raw);
}

TEST_F(InspectTest, StrangeNamesAreJustNames) {
  for (const char* name : {"a,b=c", "nbd:unix:x", "json:{}", "-f", "line\nbreak", "100%", "\xff\xfe", "fat:rw:", "a b'c\"d"}) {
    const auto plain = make_disk("plain", "qcow2");
    const auto file = dir("user") / name;
    std::filesystem::rename(plain, file);
    EXPECT_EQ(inspect(file).virtual_size, 8_MiB) << name;
  }
}

TEST_F(InspectTest, WhatIsNoImageSaysSo) {
  const auto file = dir("user") / "file";
  write_file(file, "");
  EXPECT_EQ(inspect_failure(file).code(), "image.not_an_image");
  write_file(file, "Dear diary,\n");
  EXPECT_EQ(inspect_failure(file).code(), "image.not_an_image");
  EXPECT_NE(inspect_failure(file).hint().find("raw"), std::string::npos);
  write_file(file, "QFI\xfb");
  EXPECT_EQ(inspect_failure(file).code(), "image.truncated");
  write_file(file, std::string("\xfd"
                               "7zXZ\0",
                               6) +
                       std::string(600, 'x'));
  EXPECT_NE(inspect_failure(file).hint().find("unxz"), std::string::npos);
  write_file(file, "<!DOCTYPE html><html>404</html>");
  EXPECT_NE(std::string(inspect_failure(file).what()).find("web page"), std::string::npos);
}

TEST_F(InspectTest, WhatIsNoFileSaysSo) {
  EXPECT_EQ(inspect_failure(dir("user") / "missing").code(), "image.source_not_found");
  EXPECT_EQ(inspect_failure(dir("user")).code(), "image.source_not_a_file");
  ASSERT_EQ(::mkfifo((dir("user") / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(inspect_failure(dir("user") / "pipe").code(), "image.source_not_a_file");
  EXPECT_EQ(inspect_failure("/dev/zero").code(), "image.source_not_a_file");
  std::filesystem::create_symlink(dir("user") / "loop", dir("user") / "loop");
  EXPECT_EQ(inspect_failure(dir("user") / "loop").code(), "image.source_not_a_file");
  EXPECT_EQ(inspect_failure(dir("user") / std::string(300, 'n')).code(), "image.source_not_found");
  EXPECT_EQ(inspect_failure(dir("user") / std::string("a\0b", 3)).code(), "image.source_not_found");
}

TEST_F(InspectTest, SymbolicLinkToAnImageIsFollowed) {
  std::filesystem::create_symlink(make_disk("a", "qcow2"), dir("user") / "link");
  EXPECT_EQ(inspect(dir("user") / "link").virtual_size, 8_MiB);
}

TEST_F(InspectTest, TruncatedImagesAreRefused) {
  for (const char* format : {"qcow2", "vmdk", "vhdx", "vdi"}) {
    const auto file = make_disk(std::string("whole-") + format, format);
    for (const double share : {0.5, 0.9}) {
      const Error error = inspect_failure(cut(file, share));
      EXPECT_EQ(error.code(), "image.truncated") << format << " " << share << ": " << error.what();
    }
  }
}

TEST_F(InspectTest, TruncatedPartitionedDiskIsRefused) {
  const auto file = dir("user") / "gpt";
  std::string disk(std::size_t{2} << 20U, '\0');
  disk[510] = '\x55';
  disk[511] = '\xaa';
  disk.replace(512, 8, "EFI PART");
  disk[512 + 32] = '\xff';  // alternate header in sector 4095: the last of 2 MiB
  disk[512 + 33] = '\x0f';
  write_file(file, disk);
  EXPECT_EQ(inspect(file).virtual_size, 2_MiB);
  std::filesystem::resize_file(file, std::size_t{1} << 20U);
  EXPECT_EQ(inspect_failure(file).code(), "image.truncated");
  EXPECT_EQ(inspect_failure(file, DiskFormat::raw).code(), "image.truncated");
}

TEST_F(InspectTest, BackingFileOutsideIsRefusedAndNamed) {
  const auto base = make_disk("base", "qcow2");
  const auto top = dir("user") / "top";
  program("qemu-img", {"create", "-f", "qcow2", "-F", "qcow2", "-b", base, top});
  const Error error = inspect_failure(top);
  EXPECT_EQ(error.code(), "image.has_backing_file");
  EXPECT_NE(std::string(error.what()).find(base.native()), std::string::npos);
}

TEST_F(InspectTest, SecretsCannotBeReadThroughABackingFile) {
  const auto top = dir("user") / "top";
  program("qemu-img", {"create", "-u", "-f", "qcow2", "-F", "raw", "-b", "/etc/shadow", top, "1M"});
  EXPECT_EQ(inspect_failure(top).code(), "image.has_backing_file");
  EXPECT_EQ(import_failure({top, DiskFormat::qcow2, ""}).code(), "image.has_backing_file");
  program("qemu-img", {"create", "-u", "-f", "qcow2", "-F", "raw", "-b",
                       "json:{\"driver\":\"file\",\"filename\":\"/etc/shadow\"}", top, "1M"});
  EXPECT_EQ(inspect_failure(top).code(), "image.has_backing_file");
}

TEST_F(InspectTest, ExternalDataFileIsRefusedAndNamed) {
  const auto file = dir("user") / "meta.qcow2";
  program("qemu-img", {"create", "-f", "qcow2", "-o", "data_file=" + (dir("user") / "data.raw").native(), file, "1M"});
  const Error error = inspect_failure(file);
  EXPECT_EQ(error.code(), "image.has_backing_file");
  EXPECT_NE(std::string(error.what()).find("data.raw"), std::string::npos);
}

TEST_F(InspectTest, VmdkThatNamesOtherFilesIsRefusedAndNamed) {
  const auto raw = make_disk("raw", "raw");
  const auto flat = dir("user") / "disk.vmdk";
  program("qemu-img", {"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, flat});
  EXPECT_EQ(inspect_failure(flat).code(), "image.has_backing_file");
  EXPECT_NE(std::string(inspect_failure(flat).what()).find("disk-flat.vmdk"), std::string::npos);
  write_file(flat, "# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 100 FLAT \"/etc/shadow\" 0\n");
  EXPECT_NE(std::string(inspect_failure(flat).what()).find("/etc/shadow"), std::string::npos);
}

TEST_F(InspectTest, VmdkHeaderThatOnlyCarriesADescriptorIsRefused) {
  // QEMU opens the extents that the descriptor of a sparse header with capacity 0 names.
  std::string bytes(std::size_t{64} << 10U, '\0');
  bytes.replace(0, 4, "KDMV");
  bytes[4] = 1;
  bytes[28] = 1;
  bytes[36] = 20;
  bytes.replace(512, 24, "# Disk DescriptorFile\n\n\n");
  bytes.replace(540, 32, "\nRW 100 FLAT \"/etc/passwd\" 0\n\n\n\n");
  const auto file = dir("user") / "trick.vmdk";
  write_file(file, bytes);
  const Error error = inspect_failure(file);
  EXPECT_EQ(error.code(), "image.has_backing_file");
  EXPECT_NE(std::string(error.what()).find("/etc/passwd"), std::string::npos);
}

TEST_F(InspectTest, VmdkWithAParentIsRefused) {
  const auto base = make_disk("base.vmdk", "vmdk");
  const auto top = dir("user") / "top.vmdk";
  program("qemu-img", {"create", "-f", "vmdk", "-F", "vmdk", "-b", base, top});
  EXPECT_EQ(inspect_failure(top).code(), "image.has_backing_file");
}

TEST_F(InspectTest, EncryptedImageIsRefused) {
  const auto file = make_disk("a", "qcow2");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(32);
  bytes.write("\0\0\0\x02", 4);  // crypt_method: LUKS
  bytes.close();
  EXPECT_EQ(inspect_failure(file).code(), "image.encrypted");
}

TEST_F(InspectTest, DamagedMetadataIsRefused) {
  const auto file = make_disk("a", "qcow2");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(0x30000);  // the L1 table of a small file made by qemu-img
  bytes.write("\x80\x00\x00\x00\x00\x01\x02\x03", 8);
  bytes.close();
  const std::string code = inspect_failure(file).code();
  EXPECT_TRUE(code == "image.corrupt" || code == "image.not_an_image" || code == "image.truncated") << code;
}

TEST_F(InspectTest, OverlayOfAnOwnImageTellsItsBase) {
  std::filesystem::rename(make_disk("a", "qcow2"), dir("images") / "base");
  run([&]() -> Awaitable<> { co_await storage().create_overlay(dir("volumes") / "top", dir("images") / "base", 16_MiB); });
  const DiskFileInfo info = inspect(dir("volumes") / "top");
  EXPECT_EQ(info.virtual_size, 16_MiB);
  EXPECT_EQ(info.backing_file, std::filesystem::canonical(dir("images") / "base").native());
}

}  // namespace
}  // namespace visor::storage::testing
