// The files of a chain: which of them are the disk's own, how much they take up, and how they are handed to qemu-img.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "storage/qemu_img.h"
#include "storage/source_file.h"
#include "storage/storage.h"

namespace visor::storage {

using Layers = std::vector<Storage::Layer>;

/// How many layers, from the top, lie where the top one does: those below are an image's.
std::size_t own_layers(const Layers& layers);
/// Bytes of the host that the first `count` layers take up.
Bytes allocated(const Layers& layers, std::size_t count);

/// The open files of a chain, as qemu-img gets them.
struct OpenChain {
  std::vector<SourceFile> files;
  OpenDisk disk;

  /// One layer without what it stands on.
  OpenDisk layer(std::size_t number) const;
};
OpenChain open_chain(const Layers& layers);

/// What goes into the header of `volume`. A relative name keeps the volume whole when the state directory moves; "./" and "../" cannot
/// be taken for a protocol.
std::filesystem::path backing_name(const std::filesystem::path& volume, const std::filesystem::path& base);

}  // namespace visor::storage
