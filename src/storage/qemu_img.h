// Runs of qemu-img, each in a box of its own: what it opens may be hostile. It gets a source as an open file with a fixed driver
// (never a name to interpret, never a format to guess, never a backing file to follow) and may write one temporary directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"

namespace visor::storage {

/// A disk file that somebody holds open for reading until the call has ended.
struct OpenDisk {
  int fd = -1;
  std::string name;  ///< for messages
  model::DiskFormat format = model::DiskFormat::raw;
  std::vector<OpenDisk> below = {};  ///< the files that it stands on, the nearest first; without them it is taken as alone
};

/// A disk to be made at `path`: absolute, in a directory that holds nothing else.
struct NewDisk {
  std::filesystem::path path;
  model::DiskFormat format = model::DiskFormat::qcow2;
  Bytes size;
  std::optional<std::filesystem::path> backing = {};  ///< name of a file as it goes into the header
  model::DiskFormat backing_format = model::DiskFormat::qcow2;
  bool compressed = false;  ///< for qemu_img_convert(), qcow2 only
};

/// What a qcow2 file stands on, as it is written into its header.
struct BackingLink {
  std::string name;
  model::DiskFormat format = model::DiskFormat::qcow2;
};

/// The size that a guest sees. Errors: `image.not_an_image`, `image.inspect_timeout`, `image.in_use`.
Awaitable<Bytes> qemu_img_virtual_size(OpenDisk disk);
/// Whether the metadata is sound and all data is there. Errors: `image.truncated`, `image.corrupt`, `image.inspect_timeout`.
Awaitable<> qemu_img_check(OpenDisk disk);

/// What the tables of a file say about it (qemu-img(1), check). A raw file has none.
struct CheckReport {
  bool has_tables = true;
  std::uint64_t errors = 0;  ///< what is wrong and may lose data
  std::uint64_t leaks = 0;   ///< clusters that are taken and used by nobody: harmless, but for their space
  std::uint64_t repaired_errors = 0;
  std::uint64_t repaired_leaks = 0;
};
/// Counts what is wrong, of this file alone. Errors: `image.truncated`, `image.not_an_image`, `image.inspect_timeout`.
Awaitable<CheckReport> qemu_img_report(OpenDisk disk);
/// Error `image.corrupt`.
Error damaged(const std::string& name);
enum class Repair { leaks, all };
/// Repairs the tables of a file that nobody uses. `reads`: the layers below it, by the names in their headers. What is left over is in
/// the report. Errors: `image.in_use`, `volume.repair_failed`.
Awaitable<CheckReport> qemu_img_repair(std::filesystem::path file, model::DiskFormat format,
                                       std::vector<std::filesystem::path> reads, Repair what);

/// Upper bound of the size of this disk as a stand-alone qcow2 file.
Awaitable<Bytes> qemu_img_required(OpenDisk disk);
/// Writes the disk to the new file `target.path`, at most `limit` bytes long: the whole of it, or with a backing file (an absolute
/// path) what the top layer alone has. Blocks of zeros take up no space there. `progress` gets a fraction.
/// Errors: `host.no_space`, `image.unreadable`, `image.convert_timeout`; cancellation kills it.
Awaitable<> qemu_img_convert(OpenDisk disk, NewDisk target, Bytes limit, std::function<void(double)> progress);
/// Writes another backing file into the header of a qcow2 file, which lies in a directory that holds nothing else. Neither the old
/// nor the new one is read. Error `volume.rebase_failed`.
Awaitable<> qemu_img_relink(std::filesystem::path file, std::optional<BackingLink> onto);
/// Makes an empty disk. Errors: `host.no_space`, `volume.create_failed`.
Awaitable<> qemu_img_create(NewDisk disk);

/// Gives a raw or qcow2 disk another size; what lies below it is not looked at. The descriptor is open for writing. Errors:
/// `host.no_space`, `image.in_use`, `volume.resize_failed`.
Awaitable<> qemu_img_resize(OpenDisk disk, Bytes size);
/// A volume that gets another base, and keeps what it reads.
struct Rebase {
  std::filesystem::path volume;              ///< qcow2; absolute
  std::vector<std::filesystem::path> reads;  ///< every layer below it, by the names in their headers
  std::filesystem::path base = {};           ///< name of the new base as it goes into the header; empty: none
  model::DiskFormat base_format = model::DiskFormat::qcow2;
  Bytes size;                                 ///< of the disk
  std::optional<Bytes> limit = std::nullopt;  ///< how long the file may get
  bool disposable = false;                    ///< thrown away if it is cut off, so it need not be sound in between; faster
};
/// Copies what differs into the volume, then writes the name of its new base. Errors: `volume.merge_failed`, `image.in_use`,
/// `host.no_space`; cancellation kills it. Whenever it ends, a volume that is not disposable reads as before.
Awaitable<> qemu_img_rebase(Rebase rebase, std::function<void(double)> progress);

/// The fraction in a progress line of qemu-img, "    (12.34/100%)", if it is one.
std::optional<double> parse_convert_progress(const std::string& line);

}  // namespace visor::storage
