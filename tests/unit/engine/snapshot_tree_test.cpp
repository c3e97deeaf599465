#include "engine/snapshot_tree.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/json_text.h"

namespace visor::engine {
namespace {

/// A machine whose snapshots are made and gone back to as the engine does it, without any file.
class SnapshotTreeTest : public ::testing::Test {
 protected:
  SnapshotTreeTest() {
    record_.id = "m";
    record_.spec.disks = {{.id = "disk0", .volume = "m-disk0.raw", .format = model::DiskFormat::raw},
                          {.id = "cdrom0", .device = model::DiskDevice::cdrom, .file = "/iso"}};
  }
  void make(const std::string& name, bool memory = false) {
    UnsettledSnapshot planned;
    planned.snapshot = {.id = "id-" + name, .name = name, .created = now(), .parent = record_.snapshot, .spec = record_.spec};
    if (memory) planned.snapshot.memory_spec = record_.spec;
    planned.present = "p" + std::to_string(++made_);
    planned.layers = plan_layers(record_.id, record_.spec, planned.present);
    record_.unsettled = planned;
    add_snapshot(record_, planned, now());
  }
  void go_to(const std::string& name) {
    const SnapshotRecord target = require_snapshot(record_, name);
    const std::string present = "p" + std::to_string(++made_);
    restore_snapshot(record_, target, plan_layers(record_.id, target.spec, present), present, now());
  }
  std::vector<std::string> order() const {
    std::vector<std::string> names;
    for (const SnapshotRecord* snapshot : in_tree_order(record_)) names.push_back(snapshot->name);
    return names;
  }
  std::string parent(const std::string& name) const { return require_snapshot(record_, name).parent; }
  const model::Disk& disk() const { return record_.spec.disks.front(); }
  WallTime now() { return WallTime(std::chrono::seconds(++clock_)); }

  MachineRecord record_;
  int made_ = 0;
  int clock_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(SnapshotTreeTest, APresentGetsANewLayerAndTheSnapshotKeepsTheOldOne) {
  make("a");
  EXPECT_EQ(disk().volume, "m-disk0-p1.qcow2");
  EXPECT_EQ(disk().format, model::DiskFormat::qcow2);
  EXPECT_EQ(require_snapshot(record_, "a").spec.disks.front().volume, "m-disk0.raw");
  EXPECT_EQ(require_snapshot(record_, "a").spec.disks.front().format, model::DiskFormat::raw);
  EXPECT_EQ(record_.snapshot, "id-a");
  EXPECT_EQ(record_.present, "p1");
  EXPECT_FALSE(record_.unsettled);
  EXPECT_TRUE(record_.spec.disks[1].volume.empty());
}

TEST_F(SnapshotTreeTest, GoingBackBeginsABranch) {
  make("a");
  make("b");
  go_to("a");
  make("c");
  make("d");
  EXPECT_EQ(order(), (Names{"a", "b", "c", "d"}));
  EXPECT_EQ(parent("b"), "id-a");
  EXPECT_EQ(parent("c"), "id-a");
  EXPECT_EQ(branch_of(record_, "id-c"), (Names{"id-c", "id-d"}));
  EXPECT_TRUE(carries_present(record_, "id-c"));
  EXPECT_FALSE(carries_present(record_, "id-b"));
}

TEST_F(SnapshotTreeTest, VolumesAreNeededByThePresentBySnapshotsAndByWhatIsNotSettled) {
  make("a");
  const std::string top = disk().volume;
  go_to("a");
  EXPECT_FALSE(uses_volume(record_, top)) << "the present that was given up";
  EXPECT_TRUE(uses_volume(record_, "m-disk0.raw"));
  EXPECT_TRUE(uses_volume(record_, disk().volume));
  record_.unsettled = UnsettledSnapshot{{}, "p9", {{"disk0", "m-disk0-p9.qcow2", disk().volume, disk().format}}};
  EXPECT_TRUE(uses_volume(record_, "m-disk0-p9.qcow2"));
}

TEST_F(SnapshotTreeTest, WhatStoodOnADeletedSnapshotStandsOnItsParent) {
  make("a");
  make("b");
  make("c");
  drop_snapshots(record_, {"id-b"});
  EXPECT_EQ(order(), (Names{"a", "c"}));
  EXPECT_EQ(parent("c"), "id-a");
  drop_snapshots(record_, {"id-c"});
  EXPECT_EQ(record_.snapshot, "id-a");
  drop_snapshots(record_, branch_of(record_, "id-a"));
  EXPECT_TRUE(record_.snapshots.empty());
  EXPECT_EQ(record_.snapshot, "");
}

TEST_F(SnapshotTreeTest, OnlyASnapshotWithMemoryBringsItsSettingsBack) {
  record_.spec.cpu.count = 1;
  make("disks");
  make("memory", true);
  record_.spec.cpu.count = 4;
  record_.spec.protection.delete_ = true;
  go_to("disks");
  EXPECT_EQ(record_.spec.cpu.count, 4U);
  EXPECT_EQ(record_.rest_status, model::Status::stopped);
  EXPECT_FALSE(record_.saved_spec);
  go_to("memory");
  EXPECT_EQ(record_.spec.cpu.count, 1U);
  EXPECT_TRUE(record_.spec.protection.delete_) << "is not given up by going back";
  EXPECT_EQ(record_.rest_status, model::Status::saved);
  ASSERT_TRUE(record_.saved_spec);
  EXPECT_EQ(record_.saved_spec->disks.front().volume, disk().volume);
}

TEST_F(SnapshotTreeTest, ADiskThatCameLaterIsNotThereAfterGoingBack) {
  make("a");
  record_.spec.disks.push_back({.id = "disk1", .volume = "m-disk1.qcow2"});
  make("b");
  EXPECT_EQ(record_.spec.disks.back().volume, "m-disk1-p2.qcow2");
  go_to("a");
  EXPECT_EQ(record_.spec.disks.size(), 2U);
  EXPECT_TRUE(uses_volume(record_, "m-disk1.qcow2")) << "b needs it";
}

TEST_F(SnapshotTreeTest, NamesThatAreFreeAreFoundAndUnknownOnesRefused) {
  EXPECT_EQ(free_snapshot_name(record_), "snapshot-1");
  make("snapshot-2");
  EXPECT_EQ(free_snapshot_name(record_), "snapshot-3");
  try {
    require_snapshot(record_, "none");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "snapshot.not_found");
  }
}

TEST_F(SnapshotTreeTest, TheRecordIsReadAsItWasWritten) {
  make("a", true);
  record_.unsettled = UnsettledSnapshot{record_.snapshots.front(), "p9", {}};
  const std::string text = json::to_text(record_);
  EXPECT_EQ(json::to_text(json::from_json<MachineRecord>(json::parse(text), "test")), text);
  // One that was written before there were snapshots.
  boost::json::value old = json::parse(text);
  for (const char* key : {"snapshots", "snapshot", "present", "presentSince", "unsettled"}) old.as_object().erase(key);
  EXPECT_TRUE(json::from_json<MachineRecord>(old, "test").snapshots.empty());
}

}  // namespace
}  // namespace visor::engine
