#include "console/thumbnail.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace visor::console {
namespace {

constexpr std::uint32_t kSideLimit = 8192;
/// A little more than 8K UHD; decoded it has 108 MB.
constexpr std::uint64_t kPixelLimit = 36'000'000;
constexpr unsigned kWidthLimit = 4096;
constexpr std::size_t kChannels = 3;

/// Rows of RGB, eight bits each, without gaps.
struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> pixels;
};

/// libpng's simplified interface (png.h, section 5): it catches its own errors, so no longjmp crosses C++ frames.
class Image {
 public:
  Image() { image_.version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(&image_); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  png_image& operator*() { return image_; }
  png_image* operator->() { return &image_; }
  /// Throws when libpng has failed.
  void check(int result) {
    if (result == 0)
      throw Error(ErrorKind::internal, "console.bad_picture",
                  "The screen's picture cannot be read: " + text::printable(image_.message));
  }

 private:
  png_image image_{};
};

/// Width and height out of the header (PNG specification, 11.2.2), before anything is decoded.
void check_size(std::string_view png) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(png[at + i]);
    return value;
  };
  if (png.size() < 33 || !png.starts_with("\x89PNG\r\n\x1a\n")) {
    throw Error(ErrorKind::internal, "console.bad_picture", "The screen's picture is no PNG.");
  }
  const std::uint32_t width = number(16);
  const std::uint32_t height = number(20);
  if (width == 0 || height == 0 || width > kSideLimit || height > kSideLimit || std::uint64_t{width} * height > kPixelLimit) {
    throw Error(ErrorKind::internal, "console.bad_picture",
                fmt::format("A screen of {} x {} pixels is not credible.", width, height));
  }
}

Picture decode(std::string_view png) {
  check_size(png);
  Image image;
  image.check(png_image_begin_read_from_memory(&*image, png.data(), png.size()));
  image->format = PNG_FORMAT_RGB;
  Picture picture{image->width, image->height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(*image))};
  constexpr png_color kBlack{0, 0, 0};
  image.check(png_image_finish_read(&*image, &kBlack, picture.pixels.data(), 0, nullptr));
  return picture;
}

std::string encode(const Picture& picture) {
  Image image;
  image->width = picture.width;
  image->height = picture.height;
  image->format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  image.check(png_image_write_get_memory_size(*image, size, 0, picture.pixels.data(), 0, nullptr));
  std::string png(size, '\0');
  image.check(png_image_write_to_memory(&*image, png.data(), &size, 0, picture.pixels.data(), 0, nullptr));
  png.resize(size);
  return png;
}

/// One part of a source row or column that counts for a target pixel, with its weight in 1/256.
struct Weight {
  std::uint32_t index;
  std::uint32_t weight;
};
/// What each of `to` target pixels takes from `from` source pixels: exactly the covered stretch (box filter). All weights of
/// one add up to about 256 * from / to.
std::vector<std::vector<Weight>> box_weights(std::uint32_t from, std::uint32_t to) {
  std::vector<std::vector<Weight>> all(to);
  const double step = static_cast<double>(from) / to;
  for (std::uint32_t i = 0; i < to; ++i) {
    const double begin = i * step;
    const double end = begin + step;
    for (auto at = static_cast<std::uint32_t>(begin); at < from && at < end; ++at) {
      const double covered = std::min<double>(end, at + 1) - std::max<double>(begin, at);
      const auto weight = static_cast<std::uint32_t>(std::lround(covered * 256));
      if (weight > 0) all[i].push_back({at, weight});
    }
  }
  return all;
}

Picture scale(const Picture& from, std::uint32_t width, std::uint32_t height) {
  Picture to{width, height, std::vector<std::uint8_t>(std::size_t{width} * height * kChannels)};
  const auto columns = box_weights(from.width, width);
  const auto rows = box_weights(from.height, height);
  std::vector<std::uint64_t> sums(std::size_t{width} * kChannels);
  std::vector<std::uint64_t> totals(width);
  for (std::uint32_t y = 0; y < height; ++y) {
    std::ranges::fill(sums, 0);
    std::ranges::fill(totals, 0);
    for (const Weight& row : rows[y]) {
      const std::uint8_t* line = from.pixels.data() + std::size_t{row.index} * from.width * kChannels;
      for (std::uint32_t x = 0; x < width; ++x) {
        for (const Weight& column : columns[x]) {
          const std::uint64_t weight = std::uint64_t{row.weight} * column.weight;
          const std::uint8_t* pixel = line + std::size_t{column.index} * kChannels;
          for (std::size_t c = 0; c < kChannels; ++c) sums[x * kChannels + c] += weight * pixel[c];
          totals[x] += weight;
        }
      }
    }
    std::uint8_t* out = to.pixels.data() + std::size_t{y} * width * kChannels;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::uint64_t total = std::max<std::uint64_t>(1, totals[i / kChannels]);
      out[i] = static_cast<std::uint8_t>((sums[i] + total / 2) / total);
    }
  }
  return to;
}

}  // namespace

std::string scale_png(std::string png, unsigned width) {
  if (width == 0 || width > kWidthLimit) {
    throw Error(ErrorKind::invalid, "console.bad_width",
                fmt::format("A width of {} pixels is not possible; 1 to {} are.", width, kWidthLimit));
  }
  const Picture picture = decode(png);
  if (picture.width <= width) return png;
  const std::uint64_t height = (std::uint64_t{picture.height} * width + picture.width / 2) / picture.width;
  return encode(scale(picture, width, static_cast<std::uint32_t>(std::max<std::uint64_t>(1, height))));
}

}  // namespace visor::console
