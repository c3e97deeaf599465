#include "storage/volume_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/text.h"

namespace visor::storage {
namespace {

constexpr Bytes kMaxSize = 64_TiB;

}  // namespace

std::filesystem::path real_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path result = std::filesystem::canonical(path, error);
  if (error) throw system_error(fmt::format("find {}", text::printable(path.native())), error.value());
  return result;
}

bool lies_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end() && rest != path.end();
}

Error outside(const std::filesystem::path& path) {
  return {ErrorKind::forbidden, "image.outside",
          fmt::format("{} lies outside of the directories for images and volumes.", text::printable(path.native())),
          "Import it as an image first."};
}

void require_size(Bytes size) {
  if (size.count > 0 && size <= kMaxSize && size.count % 512 == 0) return;
  throw Error(ErrorKind::invalid, "volume.bad_size", fmt::format("A disk of {} bytes cannot be made.", size.count),
              fmt::format("Give a multiple of 512 bytes up to {}.", format_bytes(kMaxSize)));
}

}  // namespace visor::storage
