// Images and volumes as files below the instance's state directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"
#include "storage/blank_disks.h"

namespace visor::loop {
class KeyedQueue;
}

namespace visor::storage {

/// What a disk file is, found by qemu-img in a box (own time, memory and file limits): its header is hostile input.
struct DiskFileInfo {
  model::DiskFormat format = model::DiskFormat::raw;
  Bytes virtual_size;
  Bytes file_size;
  std::optional<std::string> backing_file;
};

/// Progress of a long copy: a fraction and a text such as "12 of 100 MiB, 48 MiB/s".
using Progress = std::function<void(double fraction, const std::string& detail)>;

/// Where a file comes from and what it must be.
struct ImportSource {
  std::string source;  ///< absolute path or http(s) URL
  std::optional<model::DiskFormat> format;
  std::string sha256;  ///< lower-case hex; empty: not checked
};

struct ImportedImage {
  Bytes virtual_size;
  Bytes file_size;     ///< bytes that the new file occupies
  std::string sha256;  ///< of the source's bytes
  model::DiskFormat source_format = model::DiskFormat::raw;
};

/// All disk work. Everything is written under a temporary name and renamed when it is whole, and nothing that exists is ever
/// replaced; every child process is boxed (os::Box: Landlock, limits) and none gets a format to guess from content that a guest may
/// have written. Lives on the loop's thread.
class Storage {
 public:
  /// `images` and `volumes` exist and belong to visord. Throws Error when they do not exist.
  Storage(std::filesystem::path images, std::filesystem::path volumes);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// Deletes half-written files of a daemon that was killed. To be called once at start, before any other work.
  void remove_leftovers();

  /// Looks at a disk file; the format is detected unless stated. A backing file is accepted (and told) only below images and
  /// volumes. Errors: `image.source_not_found`, `image.source_not_a_file`, `image.source_unreadable`, `image.not_an_image`,
  /// `image.truncated`, `image.corrupt`, `image.has_backing_file`, `image.encrypted`, `image.in_use`, `image.inspect_timeout`.
  Awaitable<DiskFileInfo> inspect(std::filesystem::path file, std::optional<model::DiskFormat> format);

  /// Fetches (resuming what an earlier try left in `downloads`), verifies and converts to a stand-alone qcow2 `target`, which is
  /// read-only then (mode 0400). `progress` is called on the loop. What was fetched is deleted when it is imported or wrong, and
  /// kept when the import is cancelled or fails otherwise. Errors: those of inspect, `image.bad_source`, `image.bad_checksum`,
  /// `image.checksum_mismatch`, `image.download_failed`, `image.too_large`, `image.source_changed`, `image.unreadable`,
  /// `volume.exists`, `host.no_space`.
  Awaitable<ImportedImage> import_image(ImportSource source, std::filesystem::path target, std::filesystem::path downloads,
                                        Progress progress);

  /// A qcow2 volume (mode 0600) on top of `base`, which lies below images or volumes and is not changed. `size` 0 is that of the
  /// base. Errors: `volume.too_small`, `volume.exists`, `volume.bad_name`, `image.outside`, `host.no_space`.
  Awaitable<> create_overlay(std::filesystem::path volume, std::filesystem::path base, Bytes size,
                             model::DiskFormat base_format = model::DiskFormat::qcow2);
  /// Gives a qcow2 volume what it reads of the layer below it and puts it on what that one stands on, if anything: the layer below
  /// is not needed any more, nor changed. Cut off at any moment the volume reads the same, and it can be done again. Nobody may
  /// use the volume. Errors: those of chain(), `volume.no_base`, `volume.merge_failed`, `image.in_use`, `host.no_space`.
  Awaitable<> merge_below(std::filesystem::path volume, Progress progress);
  /// Whether nothing was ever written to a qcow2 volume: all it has is what stands below it.
  Awaitable<bool> is_blank(std::filesystem::path volume);
  /// An empty volume (mode 0600), raw (sparse) or qcow2. Errors: as above and `volume.bad_size`, `volume.bad_format`.
  Awaitable<> create_empty(std::filesystem::path volume, model::DiskFormat format, Bytes size);

  /// Makes a volume larger that no process uses. Errors: `volume.bad_size`, `volume.would_shrink`, `volume.resize_failed`,
  /// `image.in_use`, `host.no_space`.
  Awaitable<> grow(std::filesystem::path volume, model::DiskFormat format, Bytes size);
  /// The size that a guest sees of a volume.
  Awaitable<Bytes> virtual_size(std::filesystem::path volume, model::DiskFormat format);

  /// One file of a chain; `path` is canonical.
  struct Layer {
    std::filesystem::path path;
    model::DiskFormat format = model::DiskFormat::qcow2;
  };
  /// The files of a chain, the top one first. Every layer lies in images or volumes after all symbolic links (unless it is `top`
  /// itself) and states the format of the next. Reads headers only (well below 1 ms), starts nothing. Errors:
  /// `image.source_not_found` and its siblings for a missing layer, `image.outside`, `image.has_backing_file` (a layer that names
  /// no plain file), `image.backing_format`, `image.chain_too_long`, `image.not_an_image`, `image.encrypted`.
  Awaitable<std::vector<Layer>> chain(std::filesystem::path top, model::DiskFormat format);

  /// Throws Error `host.no_space` unless `needed` bytes are free below `directory`.
  static void require_space(const std::filesystem::path& directory, Bytes needed);

 private:
  struct Source;
  bool owns(const std::filesystem::path& canonical) const;
  /// The canonical path of the backing file that the layer `of` names; throws unless it lies in images or volumes.
  std::filesystem::path resolve_backing(const std::filesystem::path& of, const std::string& backing) const;
  Awaitable<> make_volume(std::filesystem::path volume, NewDisk disk);
  void require_volume_path(const std::filesystem::path& volume) const;
  Awaitable<DiskFileInfo> look_at(std::filesystem::path file, std::optional<model::DiskFormat> format);
  Awaitable<ImportedImage> do_import(ImportSource wanted, std::filesystem::path target, std::filesystem::path downloads,
                                     Progress progress);
  Awaitable<Source> obtain(ImportSource wanted, std::filesystem::path downloads, Progress progress);

  std::filesystem::path images_;
  std::filesystem::path volumes_;
  BlankDisks blank_disks_;
  std::unique_ptr<loop::KeyedQueue> transfers_;  ///< one caller per address, few downloads at once
};

}  // namespace visor::storage
