#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace visor {
namespace {

TEST(ParseBytes, AUserMayWriteSizesInEveryUsualWay) {
  EXPECT_EQ(parse_bytes("512MiB"), 512_MiB);
  EXPECT_EQ(parse_bytes("10G"), 10_GiB);
  EXPECT_EQ(parse_bytes("1.5 GiB"), Bytes{3ULL << 29U});
  EXPECT_EQ(parse_bytes("4096"), Bytes{4096});
  EXPECT_EQ(parse_bytes("1KB"), Bytes{1000});
  EXPECT_EQ(parse_bytes("2tib"), 2_TiB);
}

TEST(ParseBytes, NonsenseIsRefusedWithAHint) {
  for (const char* text : {"4 apples", "", "-1", "MiB", "1e400", "nan", "inf", "9223372036854775808", "8EiB", "0x10", "1 2"}) {
    try {
      parse_bytes(text);
      FAIL() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "bytes.invalid");
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(FormatBytes, SizesAreShownShortAndExact) {
  EXPECT_EQ(format_bytes(512_MiB), "512 MiB");
  EXPECT_EQ(format_bytes({0}), "0 B");
  EXPECT_EQ(format_bytes({1536}), "1.5 KiB");
  EXPECT_EQ(format_bytes(10_GiB), "10 GiB");
}

}  // namespace
}  // namespace visor
