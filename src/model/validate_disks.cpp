#include "model/validate_disks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "model/setting_value.h"
#include "model/settings.h"
#include "model/validate_values.h"

namespace visor::model {
namespace {

constexpr std::size_t kSerialLength = 20;  // of ATA; others take more
constexpr std::size_t kWwnDigits = 16;

/// Every number of the settings table that a disk has.
void check_numbers(const Disk& disk, const std::string& path, Validation& validation) {
  static constexpr std::string_view kList = "disks[].";
  const boost::json::value root = json::to_json(disk);
  for (const Setting& setting : settings()) {
    if (!setting.minimum || !setting.key.starts_with(kList)) continue;
    const std::string name = setting.key.substr(kList.size());
    // What a file or a disc holds decides its size.
    const bool sized = disk.device == DiskDevice::disk && disk.file.empty();
    if (name == "size" && !sized) continue;
    const boost::json::value& value = setting_value(root, name);
    const bool huge = value.is_uint64() && value.get_uint64() > INT64_MAX;
    check_range(setting, huge ? INT64_MAX : value.to_number<std::int64_t>(), fmt::format("{}.{}", path, name), validation);
  }
}

void check_names(const Disk& disk, const std::string& path, Validation& validation) {
  const bool printable =
      std::all_of(disk.serial.begin(), disk.serial.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!printable || disk.serial.size() > kSerialLength) {
    validation.refuse(path + ".serial", "name",
                      fmt::format("A serial number has at most {} letters, digits and signs, without spaces.", kSerialLength));
  }
  const bool hex =
      std::all_of(disk.wwn.begin(), disk.wwn.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!disk.wwn.empty() && (!hex || disk.wwn.size() != kWwnDigits)) {
    validation.refuse(path + ".wwn", "name", "A World Wide Name has 16 hexadecimal digits, such as 5000c50015ea71ac.");
  }
}

void check_sectors(const Disk& disk, const std::string& path, Validation& validation) {
  const auto check = [&](std::uint32_t size, const char* name) {
    if (size == 0 || size == 512 || size == 4096) return;
    validation.refuse(path + name, "enum", fmt::format("Sectors have 512 or 4096 bytes, not {}.", size));
  };
  check(disk.logical_sector_size, ".logicalSectorSize");
  check(disk.physical_sector_size, ".physicalSectorSize");
  if (disk.logical_sector_size == 4096 && disk.physical_sector_size == 512) {
    validation.refuse(path + ".physicalSectorSize", "combination", "A physical sector is at least as large as a logical one.");
  }
  const bool ata = disk.bus == DiskBus::sata || disk.bus == DiskBus::ide;
  if (ata && disk.logical_sector_size == 4096) {
    validation.refuse(path + ".logicalSectorSize", "combination", "Disks on sata and ide have logical sectors of 512 bytes.");
  }
}

}  // namespace

void check_disk(const Disk& disk, const std::string& path, Validation& validation) {
  check_absolute_path(disk.file, path + ".file", validation);
  const bool plain_volume =
      disk.volume.find('/') == std::string::npos && !disk.volume.starts_with('.') && !disk.volume.starts_with('-');
  if (!plain_volume)
    validation.refuse(path + ".volume", "name", fmt::format("'{}' is not the name of a volume.", text::printable(disk.volume)));
  if (!disk.volume.empty() && !disk.file.empty()) {
    validation.refuse(path + ".file", "exclusive", "A disk has either a volume or a file, not both.");
  }
  check_numbers(disk, path, validation);
  check_names(disk, path, validation);
  check_sectors(disk, path, validation);
  if (disk.device == DiskDevice::cdrom && (disk.bus == DiskBus::virtio || disk.bus == DiskBus::nvme)) {
    validation.refuse(path + ".bus", "combination", "A CD drive needs bus sata, scsi, ide or usb.");
  }
  const bool direct = disk.cache == DiskCache::none || disk.cache == DiskCache::directsync;
  if (disk.aio == DiskAio::native && !direct) {
    validation.refuse(path + ".aio", "combination", "Input and output by native needs a cache of none or directsync.");
  }
  if (disk.shareable && disk.format != DiskFormat::raw) {
    validation.refuse(path + ".shareable", "combination", "Only raw disks can be used by several machines at once.");
  }
}

void check_slots(const std::vector<Disk>& disks, const std::string& path, Validation& validation) {
  std::set<std::uint32_t> taken;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    if (disks[i].slot == 0 || taken.insert(disks[i].slot).second) continue;
    validation.refuse(fmt::format("{}[{}].slot", path, i), "duplicate",
                      fmt::format("Two disks have the slot {}.", disks[i].slot));
  }
}

std::uint32_t free_slot(const std::vector<Disk>& disks) {
  for (std::uint32_t slot = 1; slot <= kDiskSlots; ++slot) {
    if (std::none_of(disks.begin(), disks.end(), [&](const Disk& disk) { return disk.slot == slot; })) return slot;
  }
  return 0;
}

bool is_hot_pluggable(DiskBus bus) { return bus == DiskBus::virtio || bus == DiskBus::nvme || bus == DiskBus::scsi; }

}  // namespace visor::model
