#include "storage/chain_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "os/file.h"
#include "storage/volume_rules.h"

namespace visor::storage {

std::size_t own_layers(const Layers& layers) {
  const auto end = std::find_if(layers.begin(), layers.end(), [&layers](const Storage::Layer& layer) {
    return layer.path.parent_path() != layers.front().path.parent_path();
  });
  return static_cast<std::size_t>(std::distance(layers.begin(), end));
}

Bytes allocated(const Layers& layers, std::size_t count) {
  Bytes sum;
  for (std::size_t i = 0; i < count; ++i) sum.count += os::allocated_size(layers[i].path).count;
  return sum;
}

OpenDisk OpenChain::layer(std::size_t number) const {
  const OpenDisk& found = number == 0 ? disk : disk.below[number - 1];
  return {found.fd, found.name, found.format};
}

OpenChain open_chain(const Layers& layers) {
  OpenChain chain;
  for (const Storage::Layer& layer : layers) {
    chain.files.push_back(open_source(layer.path, layer.path.native()));
    OpenDisk disk{chain.files.back().fd.get(), layer.path.native(), layer.format};
    if (chain.files.size() == 1) {
      chain.disk = std::move(disk);
    } else {
      chain.disk.below.push_back(std::move(disk));
    }
  }
  return chain;
}

std::filesystem::path backing_name(const std::filesystem::path& volume, const std::filesystem::path& base) {
  return "." / base.lexically_relative(real_path(volume.parent_path()));
}

}  // namespace visor::storage
