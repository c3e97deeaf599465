#include "base/text.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace visor {
namespace {

TEST(Text, AGuestCannotDriveTheTerminalThroughAMessage) {
  EXPECT_EQ(text::printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(text::printable("line\nnext"), "line\\nnext");
  EXPECT_EQ(text::printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(text::printable("a\xc2\x9b"
                            "31m"),
            "a\\xc2\\x9b31m");
  EXPECT_EQ(text::printable("虚拟机"), "虚拟机");
}

TEST(Text, BrokenUtf8IsFoundOut) {
  EXPECT_TRUE(text::is_utf8("grün 虚"));
  EXPECT_FALSE(text::is_utf8("\xc0\xaf"));          // overlong slash
  EXPECT_FALSE(text::is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(text::is_utf8("\xf5\x80\x80\x80"));  // beyond Unicode
  EXPECT_FALSE(text::is_utf8("a\xe2\x82"));         // cut short
}

TEST(Text, Base64SurvivesARoundTripOfAllBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (std::size_t length = 0; length < all.size(); length += 7) {
    EXPECT_EQ(text::base64_decode(text::base64_encode(all.substr(0, length))), all.substr(0, length));
  }
  EXPECT_EQ(text::base64_encode("foob"), "Zm9vYg==");
  for (const char* bad : {"a", "a===", "ab=c", "====", "ab!d", "Zg==Zg=="}) EXPECT_THROW(text::base64_decode(bad), Error) << bad;
}

TEST(Text, TheLastLinesOfALogAreKept) {
  EXPECT_EQ(text::last_lines("a\nb\nc\n", 2), (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(text::last_lines("", 2).empty());
}

TEST(Ids, AreRandomUuids) {
  const std::string id = make_uuid();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(make_uuid(), id);
}

TEST(Time, SurvivesARoundTrip) {
  EXPECT_EQ(format_time(parse_time("2026-01-31T12:00:00.123Z")), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(format_time(parse_time("1970-01-01T00:00:00Z")), "1970-01-01T00:00:00.000Z");
  EXPECT_THROW(parse_time("yesterday"), Error);
  EXPECT_THROW(parse_time("2026-01-31T12:00:00"), Error);
}

}  // namespace
}  // namespace visor
