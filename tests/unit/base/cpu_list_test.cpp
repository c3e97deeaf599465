#include "base/cpu_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visor {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(CpuList, ReadsWhatTheKernelAndTasksetWrite) {
  EXPECT_THAT(parse_cpu_list("0"), Optional(ElementsAre(0U)));
  EXPECT_THAT(parse_cpu_list("8,0-2"), Optional(ElementsAre(0U, 1U, 2U, 8U)));
  EXPECT_THAT(parse_cpu_list("1-2,2-3"), Optional(ElementsAre(1U, 2U, 3U)));
  EXPECT_THAT(parse_cpu_list(""), Optional(ElementsAre()));
}

TEST(CpuList, ATypingErrorIsNeverTakenForAShorterList) {
  for (const char* bad : {"a", "0-", "-1", "2-1", "0,,1", "0,", "0 1", "0-8192", "0-4294967295", "4294967295", "1,x",
                          "99999999999", "0x1", "1.5", "0-1-2"}) {
    EXPECT_EQ(parse_cpu_list(bad), std::nullopt) << bad;
  }
}

TEST(CpuList, WrittenListsReadBack) {
  for (const char* list : {"", "0", "0-3", "0,2,4", "0-1,3,5-7,8191"}) {
    EXPECT_EQ(to_cpu_list(parse_cpu_list(list).value()), list);
  }
}

}  // namespace
}  // namespace visor
