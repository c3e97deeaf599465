#include "qmp/block_commands.h"

#include <gtest/gtest.h>

namespace visor::qmp {
namespace {

TEST(BlockDevice, BelongsToTheDeviceByItsIdOrByItsPlaceInTheTree) {
  const auto of = [](const char* qdev) { return BlockDevice{qdev, "node", "qcow2"}; };
  EXPECT_TRUE(of("disk-disk0").is("disk-disk0"));
  EXPECT_TRUE(of("/machine/peripheral/disk-disk0/virtio-backend").is("disk-disk0"));
  EXPECT_TRUE(of("/machine/peripheral/disk-disk0").is("disk-disk0"));
  EXPECT_FALSE(of("/machine/peripheral/disk-disk01/virtio-backend").is("disk-disk0"));
  EXPECT_FALSE(of("/machine/unattached/disk-disk0").is("disk-disk0"));
  EXPECT_FALSE(of("").is("disk-disk0"));
}

}  // namespace
}  // namespace visor::qmp
