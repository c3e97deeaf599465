#include "deploy/disk_layout.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "base/error.h"
#include "deploy/fat_volume.h"
#include "os/file.h"

namespace visor::deploy {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kBlock = 4096;

}  // namespace

DiskLayout make_disk_layout(Bytes disk) {
  DiskLayout layout{.disk = disk, .esp_start = 1_MiB, .esp_size = 64_MiB, .root_start = 65_MiB, .root_size = {}};
  layout.root_size = disk - layout.root_start - 1_MiB;  // the last one holds the second partition table
  return layout;
}

std::string partition_script(const DiskLayout& layout) {
  return fmt::format(
      "label: gpt\nunit: sectors\n"
      "1: start={}, size={}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=EFI\n"
      "2: start={}, size={}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root\n",
      layout.esp_start.count / kSector, layout.esp_size.count / kSector, layout.root_start.count / kSector,
      layout.root_size.count / kSector);
}

std::vector<std::string> root_file_system_arguments(const DiskLayout& layout, const DiskIdentity& identity,
                                                    const std::filesystem::path& tree, const std::filesystem::path& disk) {
  return {"-q",          "-F",
          "-t",          "ext4",
          "-b",          std::to_string(kBlock),
          "-m",          "1",
          "-L",          "root",
          "-U",          identity.root_uuid,
          "-E",          fmt::format("offset={},lazy_itable_init=1,lazy_journal_init=1", layout.root_start.count),
          "-d",          tree.native(),
          disk.native(), std::to_string(layout.root_size.count / kBlock)};
}

void write_esp(const std::filesystem::path& disk, const DiskLayout& layout, const DiskIdentity& identity, BootLoader loader) {
  FatVolume volume{.label = "EFI", .id = identity.esp_id, .size = layout.esp_size, .files = {}};
  // The path that firmware tries on a disk it has never seen; shim loads grubx64.efi from beside itself, and Debian's signed
  // GRUB looks for its configuration in EFI/debian.
  volume.files = {{"EFI/BOOT/BOOTX64.EFI", std::move(loader.shim)},
                  {"EFI/BOOT/grubx64.efi", std::move(loader.grub)},
                  {"EFI/debian/grub.cfg", esp_boot_configuration(identity)}};
  const os::Fd fd = os::open_file(disk, O_WRONLY);
  for (const FatPiece& piece : make_fat_volume(volume))
    os::write_at(fd.get(), layout.esp_start.count + piece.offset, piece.bytes);
}

}  // namespace visor::deploy
