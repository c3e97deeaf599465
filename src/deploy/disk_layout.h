// The partitions of a built disk: an EFI system partition and, last, so that it can grow, the root file system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "deploy/image_recipe.h"

namespace visor::deploy {

struct DiskLayout {
  Bytes disk;
  Bytes esp_start;
  Bytes esp_size;
  Bytes root_start;
  Bytes root_size;
};

/// Where the partitions of a disk of this size are; all on borders of 1 MiB.
DiskLayout make_disk_layout(Bytes disk);

/// Standard input of sfdisk(8).
std::string partition_script(const DiskLayout& layout);

/// Arguments of mke2fs(8) that make the root file system from `tree` inside of `disk`, at its place.
std::vector<std::string> root_file_system_arguments(const DiskLayout& layout, const DiskIdentity& identity,
                                                    const std::filesystem::path& tree, const std::filesystem::path& disk);

/// The two signed programs that start the guest (Secure Boot works with them).
struct BootLoader {
  std::string shim;
  std::string grub;
};

/// Blocking: writes the EFI system partition into the disk, at its place.
void write_esp(const std::filesystem::path& disk, const DiskLayout& layout, const DiskIdentity& identity, BootLoader loader);

}  // namespace visor::deploy
