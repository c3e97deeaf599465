#include "storage/qcow2_header.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace visor::storage {
namespace {

void put(std::string& bytes, std::size_t offset, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bytes.at(offset + i) = static_cast<char>(value >> (8 * (width - 1 - i)));
}

/// A version 3 header with 64 KiB clusters, 1 GiB, and the backing file "base" of format qcow2.
std::string sound_header() {
  std::string bytes(65536, '\0');
  bytes.replace(0, 4, "QFI\xfb");
  put(bytes, 4, 3, 4);
  put(bytes, 8, 512, 8);
  put(bytes, 16, 4, 4);
  put(bytes, 20, 16, 4);
  put(bytes, 24, 1U << 30U, 8);
  put(bytes, 100, 104, 4);
  put(bytes, 104, 0xE2792ACA, 4);
  put(bytes, 108, 5, 4);
  bytes.replace(112, 5, "qcow2");
  bytes.replace(512, 4, "base");
  return bytes;
}

Qcow2Header read(const std::string& bytes) { return read_qcow2_header(MemoryBytes(bytes), "disk"); }

std::string code_of(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

std::string with(std::size_t offset, std::uint64_t value, std::size_t width) {
  std::string bytes = sound_header();
  put(bytes, offset, value, width);
  return bytes;
}

TEST(Qcow2Header, TellsSizeAndBackingFile) {
  const Qcow2Header header = read(sound_header());
  EXPECT_EQ(header.version, 3U);
  EXPECT_EQ(header.cluster_size, 64_KiB);
  EXPECT_EQ(header.virtual_size, 1_GiB);
  EXPECT_EQ(header.backing_file, "base");
  EXPECT_EQ(header.backing_format, "qcow2");
  EXPECT_FALSE(header.has_data_file);
  EXPECT_FALSE(header.encrypted);
}

TEST(Qcow2Header, VersionTwoHasNoFeatureFields) {
  std::string bytes = with(4, 2, 4);
  put(bytes, 72, 0, 8);  // an empty extension list
  const Qcow2Header header = read(bytes);
  EXPECT_EQ(header.backing_file, "base");
  EXPECT_FALSE(header.backing_format);
}

TEST(Qcow2Header, DataInAnotherFileIsSeen) {
  std::string bytes = with(72, 4, 8);
  put(bytes, 104, 0x44415441, 4);
  const Qcow2Header header = read(bytes);
  EXPECT_TRUE(header.has_data_file);
  EXPECT_EQ(header.data_file, "qcow2");
}

TEST(Qcow2Header, EncryptedAndCorruptAreSeen) {
  EXPECT_TRUE(read(with(32, 2, 4)).encrypted);
  EXPECT_TRUE(read(with(72, 2, 8)).corrupt);
}

TEST(Qcow2Header, HostileNumbersAreRefused) {
  EXPECT_EQ(code_of(with(4, 1, 4)), "image.not_an_image");                   // version 1
  EXPECT_EQ(code_of(with(4, 0xffffffff, 4)), "image.not_an_image");          // version
  EXPECT_EQ(code_of(with(20, 8, 4)), "image.not_an_image");                  // cluster bits below 9
  EXPECT_EQ(code_of(with(20, 22, 4)), "image.not_an_image");                 // above 21
  EXPECT_EQ(code_of(with(20, 0xffffffff, 4)), "image.not_an_image");         // a shift beyond every width
  EXPECT_EQ(code_of(with(24, ~std::uint64_t{0}, 8)), "image.not_an_image");  // virtual size
  EXPECT_EQ(code_of(with(8, ~std::uint64_t{0}, 8)), "image.not_an_image");   // backing name's offset
  EXPECT_EQ(code_of(with(8, 16, 8)), "image.not_an_image");                  // ... inside the header
  EXPECT_EQ(code_of(with(16, 1024, 4)), "image.not_an_image");               // its length
  EXPECT_EQ(code_of(with(16, 0xffffffff, 4)), "image.not_an_image");         // overflow
  EXPECT_EQ(code_of(with(100, 0, 4)), "image.not_an_image");                 // header length
  EXPECT_EQ(code_of(with(100, 0xfffffff8, 4)), "image.not_an_image");
  EXPECT_EQ(code_of(with(108, 0xffffffff, 4)), "image.not_an_image");              // extension length
  EXPECT_EQ(code_of(with(72, std::uint64_t{1} << 63U, 8)), "image.not_an_image");  // unknown incompatible feature
}

TEST(Qcow2Header, NameWithZeroByteCannotHideAnotherName) {
  std::string bytes = sound_header();
  bytes.replace(512, 4, std::string("a\0bc", 4));
  EXPECT_EQ(code_of(bytes), "image.not_an_image");
}

TEST(Qcow2Header, EveryCutIsAnErrorNotACrash) {
  const std::string bytes = sound_header();
  for (std::size_t length = 0; length < 516; ++length) {
    const std::string code = code_of(bytes.substr(0, length));
    EXPECT_TRUE(code == "image.truncated" || code == "image.not_an_image") << length << " " << code;
  }
  EXPECT_EQ(code_of(bytes.substr(0, 516)), "");
}

TEST(Qcow2Header, BigClustersMayHoldTheNameBeyondTheFirstRead) {
  std::string bytes = sound_header();
  bytes.resize(std::size_t{2} << 20U);
  put(bytes, 20, 21, 4);
  put(bytes, 8, (std::uint64_t{2} << 20U) - 4, 8);
  bytes.replace(bytes.size() - 4, 4, "last");
  EXPECT_EQ(read(bytes).backing_file, "last");
}

}  // namespace
}  // namespace visor::storage
