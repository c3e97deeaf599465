// Files of new, empty disks, without a run of qemu-img for each.
#pragma once

#include <compare>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "storage/qemu_img.h"

namespace visor::storage {

/// Makes empty disks. qemu-img needs tens of milliseconds for each, and what it writes depends on nothing but format, size and the
/// name of the backing file: the file that it made for one is kept in memory and copied for the next of its kind.
class BlankDisks {
 public:
  /// As qemu_img_create().
  Awaitable<> create(NewDisk disk);

 private:
  struct Kind {
    Bytes size;
    std::optional<std::filesystem::path> backing;
    model::DiskFormat backing_format = model::DiskFormat::qcow2;
    auto operator<=>(const Kind&) const = default;
  };
  std::map<Kind, std::string> known_;  ///< whole qcow2 files
};

}  // namespace visor::storage
