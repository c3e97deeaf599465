// Images and volumes as files below the instance's state directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "loop/awaitable.h"
#include "model/machine_spec.h"

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
  Bytes file_size;
  std::string sha256;  ///< of the source's bytes
  model::DiskFormat source_format = model::DiskFormat::raw;
};

/// All disk work. Everything is written under a temporary name and renamed when it is whole; every child process is boxed
/// (os::Box: Landlock, limits) and none gets a format to guess from content that a guest may have written.
class Storage {
 public:
  /// `images` and `volumes` exist and belong to visord.
  Storage(std::filesystem::path images, std::filesystem::path volumes);

  /// Looks at a disk file; the format is detected unless stated. Errors: `image.not_an_image`, `image.truncated`,
  /// `image.inspect_timeout`.
  Awaitable<DiskFileInfo> inspect(std::filesystem::path file, std::optional<model::DiskFormat> format);

  /// Fetches (resuming what an earlier try left in `downloads`), verifies and converts to a stand-alone qcow2 `target`.
  /// Errors: `image.checksum_mismatch`, `image.has_backing_file`, `image.not_an_image`, `image.download_failed`, `host.no_space`.
  Awaitable<ImportedImage> import_image(ImportSource source, std::filesystem::path target, std::filesystem::path downloads,
                                        Progress progress);

  /// A qcow2 volume on top of `base` (read-only, never changed). `size` must not be below the base's.
  Awaitable<> create_overlay(std::filesystem::path volume, std::filesystem::path base, Bytes size);
  /// An empty volume.
  Awaitable<> create_empty(std::filesystem::path volume, model::DiskFormat format, Bytes size);
  /// The files of a chain, the top one first. Every layer must lie in images or volumes (unless it is `top` itself).
  struct Layer {
    std::filesystem::path path;
    model::DiskFormat format = model::DiskFormat::qcow2;
  };
  Awaitable<std::vector<Layer>> chain(std::filesystem::path top, model::DiskFormat format);
  /// Throws Error `host.no_space` unless `needed` bytes are free below `directory`.
  static void require_space(const std::filesystem::path& directory, Bytes needed);

 private:
  std::filesystem::path images_;
  std::filesystem::path volumes_;
};

}  // namespace visor::storage
