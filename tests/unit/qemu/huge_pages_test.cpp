#include "qemu/huge_pages.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "os/file.h"
#include "qemu/test_machine.h"

namespace visor::qemu {
namespace {

/// A host with two nodes whose files take whatever is written: a kernel that always finds pages.
class HugePagesOfAHost : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* pool :
         {"sys/kernel/mm/hugepages", "sys/devices/system/node/node0/hugepages", "sys/devices/system/node/node1/hugepages"}) {
      write(std::string(pool) + "/hugepages-2048kB/nr_hugepages", 10);
      write(std::string(pool) + "/hugepages-2048kB/free_hugepages", 4);
    }
    std::filesystem::create_directories(runtime());
  }
  void write(const std::string& path, std::uint64_t number) {
    std::filesystem::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << number << "\n";
  }
  std::uint64_t total(const std::string& pool) {
    return std::stoull(os::read_file(root_.path() / pool / "hugepages-2048kB/nr_hugepages"));
  }
  std::filesystem::path runtime() const { return root_.path() / "run"; }
  static model::Memory memory(Bytes size, std::vector<std::string> nodes = {}) {
    model::Memory memory;
    memory.size = size;
    memory.page_size = "2MiB";
    memory.nodes = nodes.empty() ? 1 : static_cast<std::uint32_t>(nodes.size());
    memory.host_nodes = std::move(nodes);
    return memory;
  }

  testing::TemporaryDirectory root_;
};

TEST_F(HugePagesOfAHost, FreePagesAreUsedBeforeMoreAreAskedFor) {
  HugePages pages(root_.path());
  pages.take("a", memory(8_MiB), runtime());
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 10U);
}

TEST_F(HugePagesOfAHost, TwoMachinesThatStartTogetherDoNotCountOnTheSamePages) {
  HugePages pages(root_.path());
  pages.take("a", memory(8_MiB), runtime());
  pages.take("b", memory(8_MiB), runtime());
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 14U);
}

TEST_F(HugePagesOfAHost, PagesAreTakenOnTheNodesThatWereNamed) {
  HugePages pages(root_.path());
  pages.take("a", memory(64_MiB, {"0", "1"}), runtime());
  EXPECT_EQ(total("sys/devices/system/node/node0/hugepages"), 22U);
  EXPECT_EQ(total("sys/devices/system/node/node1/hugepages"), 22U);
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 10U);
}

TEST_F(HugePagesOfAHost, WhatWasTakenIsGivenBackByALaterDaemonOnce) {
  HugePages(root_.path()).take("a", memory(28_MiB), runtime());
  ASSERT_EQ(total("sys/kernel/mm/hugepages"), 20U);
  write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", 14);
  HugePages later(root_.path());
  later.give_back(runtime());
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 10U);
  write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", 50);
  later.give_back(runtime());
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 50U) << "pages of others are left alone";
}

TEST_F(HugePagesOfAHost, PagesThatAreStillUsedAreNotTakenAway) {
  HugePages pages(root_.path());
  pages.take("a", memory(28_MiB), runtime());
  write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", 3);
  pages.give_back(runtime());
  EXPECT_EQ(total("sys/kernel/mm/hugepages"), 17U);
}

TEST_F(HugePagesOfAHost, ASizeThatTheHostLacksIsRefusedWithTheNumbers) {
  model::Memory vast = memory(2_GiB);
  vast.page_size = "1GiB";
  try {
    HugePages(root_.path()).take("a", vast, runtime());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "host.huge_pages_missing");
    EXPECT_NE(std::string(error.what()).find("2 pages of 1 GiB"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace visor::qemu
