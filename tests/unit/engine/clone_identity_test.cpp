#include "engine/clone_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace visor::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

MachineRecord template_machine() {
  MachineRecord record;
  record.id = "source-id";
  record.name = "web";
  record.description = "A template";
  record.revision = 7;
  record.image = "debian/12";
  record.ssh_user = "visor";
  record.spec.protection = {.delete_ = true, .start = true};
  record.spec.disks = {{.id = "disk0", .volume = "source-id-disk0.qcow2"},
                       {.id = "cdrom0", .device = model::DiskDevice::cdrom, .file = "/iso/a.iso", .read_only = true}};
  model::Nic nic;
  nic.id = "nic0";
  nic.mac = "52:54:00:00:00:01";
  nic.forwards = {{model::Protocol::tcp, "127.0.0.1", 2222, 22}, {model::Protocol::tcp, "127.0.0.1", 0, 80}};
  record.spec.nics = {nic};
  return record;
}

TEST(CloneIdentity, WhatTellsMachinesApartIsNewAndTheRestIsTheSame) {
  const MachineRecord source = template_machine();
  const CloneRecord clone = clone_record(source, "web-2", std::nullopt);
  const MachineRecord& record = clone.record;
  EXPECT_NE(record.id, source.id);
  EXPECT_EQ(record.name, "web-2");
  EXPECT_EQ(record.revision, 1U);
  EXPECT_EQ(record.description, "A template");
  EXPECT_EQ(record.image, "debian/12") << "the image counts it as a user";
  EXPECT_EQ(record.spec.disks[0].volume, record.id + "-disk0.qcow2");
  EXPECT_EQ(record.spec.disks[1].file, "/iso/a.iso");
  EXPECT_NE(record.spec.nics[0].mac, source.spec.nics[0].mac);
  ASSERT_EQ(clone.macs.size(), 1U);
  EXPECT_EQ(clone.macs[0], std::make_pair(source.spec.nics[0].mac, record.spec.nics[0].mac));
  EXPECT_EQ(record.spec.nics[0].forwards[0].host_port, 0);
  EXPECT_EQ(record.spec.nics[0].forwards[0].guest_port, 22);
  EXPECT_FALSE(record.spec.protection.start);
  EXPECT_FALSE(record.spec.protection.delete_);
  EXPECT_EQ(clone_record(source, "x", "other").record.description, "other");
}

TEST(CloneIdentity, ItSaysWhatIsDifferentAndWhatIsNot) {
  MachineRecord source = template_machine();
  EXPECT_THAT(clone_notes(source), Contains(HasSubstr("Port 2222")));
  EXPECT_THAT(clone_notes(source), Contains(HasSubstr("protection")));
  EXPECT_EQ(clone_notes(source).size(), 2U);
  source.ssh_user.clear();
  source.spec.tpm.enabled = true;
  EXPECT_THAT(clone_notes(source), Contains(HasSubstr("SSH host keys")));
  EXPECT_THAT(clone_notes(source), Contains(HasSubstr("TPM")));
}

TEST(CloneIdentity, WritableFileOfTheUserIsRefusedAndReadOnlyOneIsShared) {
  MachineRecord source = template_machine();
  source.spec.disks.push_back({.id = "data", .file = "/data/x.raw", .format = model::DiskFormat::raw, .read_only = true});
  EXPECT_NO_THROW(require_copyable(source));
  source.spec.disks.back().read_only = false;
  try {
    require_copyable(source);
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "clone.user_file");
    EXPECT_THAT(error.what(), HasSubstr("/data/x.raw"));
    EXPECT_FALSE(error.hint().empty());
  }
}

}  // namespace
}  // namespace visor::engine
