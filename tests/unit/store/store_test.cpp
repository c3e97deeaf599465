#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "os/file.h"

namespace visor::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { os::make_directories(directory_); }
  void TearDown() override { os::remove_tree(directory_); }
  std::filesystem::path file() const { return directory_ / "visor.db"; }

 private:
  std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("visor-store-test-" + std::to_string(::getpid()));
};

TEST_F(StoreTest, WhatWasStoredIsThereAfterARestart) {
  {
    const auto store = open_sqlite_store(file());
    store->put("machine", "1", "{\"a\":1}");
    store->put("machine", "1", "{\"a\":2}");
    store->put("image", "1", "x");
    store->append_undo("t", "first", "1");
    store->append_undo("t", "second", "2");
  }
  const auto store = open_sqlite_store(file());
  const std::vector<Document> machines = store->load("machine");
  ASSERT_EQ(machines.size(), 1U);
  EXPECT_EQ(machines[0].text, "{\"a\":2}");
  const std::vector<Undo> journal = store->undo_of("t");
  ASSERT_EQ(journal.size(), 2U);
  EXPECT_EQ(journal[0].action, "second");
  store->clear_undo("t");
  EXPECT_TRUE(store->undo_of("t").empty());
  store->erase("machine", "1");
  EXPECT_TRUE(store->load("machine").empty());
  EXPECT_EQ(store->load("image").size(), 1U);
}

TEST_F(StoreTest, SpaceIsKeptBackForAFullDisk) {
  const auto store = open_sqlite_store(file());
  const std::filesystem::path reserve = file().native() + ".reserve";
  EXPECT_EQ(std::filesystem::file_size(reserve), 1U << 20U);
  struct stat status {};
  ASSERT_EQ(::stat(reserve.c_str(), &status), 0);
  EXPECT_GE(status.st_blocks * 512, 1 << 20) << "it takes up nothing";
}

TEST_F(StoreTest, ADamagedDatabaseIsSaidSoAndNotOverwritten) {
  std::ofstream(file()) << "this is not a database, it only looks like a file of some length, long enough to be read";
  try {
    open_sqlite_store(file());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "store.corrupt");
  }
  EXPECT_EQ(os::read_file(file()).substr(0, 7), "this is");
}

}  // namespace
}  // namespace visor::store
