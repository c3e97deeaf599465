// Small FAT16 volumes made in memory: the cloud-init seed and the EFI system partition. Rootless, without mounting and
// without another program; the same input always makes the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace visor::deploy {

/// One file; missing directories of `path` ("EFI/BOOT/BOOTX64.EFI") are made. Names are printable ASCII.
struct FatFile {
  std::string path;
  std::string content;
};

struct FatVolume {
  std::string label;     ///< at most 11 characters, upper case
  std::uint32_t id = 0;  ///< volume serial number; Linux shows it as the UUID "1234-ABCD"
  Bytes size = 4_MiB;    ///< 4 MiB to 1 GiB, whole sectors
  std::vector<FatFile> files;
};

/// A part of the volume that is not all zeros.
struct FatPiece {
  std::uint64_t offset = 0;
  std::string bytes;
};

/// What has to be written into `volume.size` zero bytes to make the volume. Throws Error `image.volume_too_small` when the
/// files do not fit and `image.volume_invalid` for a name or size that FAT16 cannot have.
std::vector<FatPiece> make_fat_volume(const FatVolume& volume);

/// The files at the top of a volume that make_fat_volume() has made; `bytes` is all of it. Throws Error `image.volume_invalid` for
/// anything else.
std::vector<FatFile> read_fat_volume(std::string_view bytes);

/// The serial number as Linux writes it ("1234-ABCD").
std::string fat_uuid(std::uint32_t id);

}  // namespace visor::deploy
