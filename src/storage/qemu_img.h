// Runs of qemu-img, each in a box of its own: what it opens may be hostile. It gets a source as an open file with a fixed driver
// (never a name to interpret, never a format to guess, never a backing file to follow) and may write one temporary directory.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
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
  std::optional<std::filesystem::path> backing;  ///< name of a qcow2 file as it goes into the header; not opened
  bool compressed = false;                       ///< for qemu_img_convert()
};

/// What a qcow2 file stands on, as it is written into its header.
struct BackingLink {
  std::string name;
  model::DiskFormat format = model::DiskFormat::qcow2;
};

/// A qcow2 file that shall stand on another layer of its own chain, or on none.
struct Rebase {
  std::filesystem::path file;                   ///< in a directory that holds nothing else
  Bytes size;                                   ///< of the disk that a guest sees
  std::optional<BackingLink> onto;              ///< an absolute path
  std::vector<std::filesystem::path> readable;  ///< the layers that it stands on now
};

/// The size that a guest sees. Errors: `image.not_an_image`, `image.inspect_timeout`, `image.in_use`.
Awaitable<Bytes> qemu_img_virtual_size(OpenDisk disk);
/// Whether the metadata is sound and all data is there. Errors: `image.truncated`, `image.corrupt`, `image.inspect_timeout`.
Awaitable<> qemu_img_check(OpenDisk disk);
/// Upper bound of the size of this disk as a stand-alone qcow2 file.
Awaitable<Bytes> qemu_img_required(OpenDisk disk);
/// Writes the whole disk to the new stand-alone qcow2 file `target.path`, at most `limit` bytes long. `progress` gets a fraction.
/// Errors: `host.no_space`, `image.unreadable`, `image.convert_timeout`; cancellation kills it.
Awaitable<> qemu_img_convert(OpenDisk disk, NewDisk target, Bytes limit, std::function<void(double)> progress);
/// Writes another backing file into the header of a qcow2 file, which lies in a directory that holds nothing else. Neither the old
/// nor the new one is read. Error `volume.rebase_failed`.
Awaitable<> qemu_img_relink(std::filesystem::path file, std::optional<BackingLink> onto);
/// Takes what the layers between a file and its new backing file hold into the file, which then stands on the new one. At most
/// `limit` bytes long; `progress` gets a fraction. Errors: as qemu_img_convert().
Awaitable<> qemu_img_rebase(Rebase rebase, Bytes limit, std::function<void(double)> progress);
/// Makes an empty disk. Errors: `host.no_space`, `volume.create_failed`.
Awaitable<> qemu_img_create(NewDisk disk);

/// The fraction in a progress line of qemu-img, "    (12.34/100%)", if it is one.
std::optional<double> parse_convert_progress(const std::string& line);

}  // namespace visor::storage
