#include "model/validate_disks.h"

#include <gtest/gtest.h>

#include <functional>

namespace visor::model {
namespace {

std::vector<std::string> refused_of_disk(const std::function<void(Disk&)>& edit) {
  Disk disk;
  disk.id = "disk0";
  disk.file = "/srv/disk.raw";
  disk.format = DiskFormat::raw;
  edit(disk);
  Validation validation;
  check_disk(disk, "disk", validation);
  std::vector<std::string> fields;
  for (const FieldError& field : validation.fields()) fields.push_back(field.field);
  return fields;
}

using Fields = std::vector<std::string>;

TEST(Disks, OrdinaryDiskIsNotRefused) {
  EXPECT_EQ(refused_of_disk([](Disk&) {}), Fields());
  EXPECT_EQ(refused_of_disk([](Disk& disk) {
              disk.cache = DiskCache::none;
              disk.aio = DiskAio::native;
              disk.serial = "WD-1234";
              disk.wwn = "5000c50015ea71ac";
              disk.logical_sector_size = disk.physical_sector_size = 4096;
              disk.shareable = true;
              disk.limits.read = Bytes{1000};
              disk.limits.burst_percent = 300;
            }),
            Fields());
}

TEST(Disks, NumbersOutsideOfTheirRangeAreNamed) {
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.queues = 65; }), Fields{"disk.queues"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.slot = kDiskSlots + 1; }), Fields{"disk.slot"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.boot_index = 1000; }), Fields{"disk.bootIndex"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.limits.burst_percent = 99; }), Fields{"disk.limits.burstPercent"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.limits.read = Bytes{UINT64_MAX}; }), Fields{"disk.limits.read"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.file.clear(); }), Fields{"disk.size"});
}

TEST(Disks, NamesThatNoDiskCanShowAreRefused) {
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.serial = std::string(21, 'x'); }), Fields{"disk.serial"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.serial = "a b"; }), Fields{"disk.serial"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.wwn = "5000C50015EA71AC"; }), Fields{"disk.wwn"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.wwn = "5000c5"; }), Fields{"disk.wwn"});
}

TEST(Disks, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.aio = DiskAio::native; }), Fields{"disk.aio"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) { disk.logical_sector_size = 1024; }), Fields{"disk.logicalSectorSize"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) {
              disk.logical_sector_size = 4096;
              disk.physical_sector_size = 512;
            }),
            Fields{"disk.physicalSectorSize"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) {
              disk.bus = DiskBus::sata;
              disk.logical_sector_size = 4096;
            }),
            Fields{"disk.logicalSectorSize"});
  EXPECT_EQ(refused_of_disk([](Disk& disk) {
              disk.shareable = true;
              disk.format = DiskFormat::qcow2;
            }),
            Fields{"disk.shareable"});
}

TEST(Disks, EachSlotIsForOneDisk) {
  std::vector<Disk> disks(3);
  EXPECT_EQ(free_slot(disks), 1U);
  disks[0].slot = 1;
  disks[2].slot = 2;
  EXPECT_EQ(free_slot(disks), 3U);
  Validation validation;
  check_slots(disks, "disks", validation);
  EXPECT_TRUE(validation.fields().empty());
  disks[1].slot = 2;
  check_slots(disks, "disks", validation);
  ASSERT_EQ(validation.fields().size(), 1U);
  EXPECT_EQ(validation.fields().front().field, "disks[2].slot");
  disks.assign(kDiskSlots, Disk{});
  for (std::uint32_t i = 0; i < kDiskSlots; ++i) disks[i].slot = i + 1;
  EXPECT_EQ(free_slot(disks), 0U);
}

}  // namespace
}  // namespace visor::model
