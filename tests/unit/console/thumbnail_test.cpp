#include "console/thumbnail.h"

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace visor::console {
namespace {

using Pixels = std::vector<std::uint8_t>;

std::string make_png(std::uint32_t width, std::uint32_t height, const Pixels& pixels, std::uint32_t format = PNG_FORMAT_RGB) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = format;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string png(size, '\0');
  png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr);
  png.resize(size);
  return png;
}

struct Decoded {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Pixels pixels;
};

Decoded decode(const std::string& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0);
  image.format = PNG_FORMAT_RGB;
  Decoded decoded{image.width, image.height, Pixels(PNG_IMAGE_SIZE(image))};
  EXPECT_NE(png_image_finish_read(&image, nullptr, decoded.pixels.data(), 0, nullptr), 0);
  return decoded;
}

std::string code_of(const std::string& png, unsigned width) {
  try {
    scale_png(png, width);
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

TEST(Thumbnail, EachPixelIsTheMeanOfWhatItCovers) {
  // 4 x 2: the left half black and white, the right half red.
  const Pixels pixels{0, 0, 0, 255, 255, 255, 200, 0, 0, 200, 0, 0,  //
                      0, 0, 0, 255, 255, 255, 100, 0, 0, 100, 0, 0};
  const Decoded small = decode(scale_png(make_png(4, 2, pixels), 2));
  EXPECT_EQ(small.width, 2U);
  EXPECT_EQ(small.height, 1U);
  EXPECT_EQ(small.pixels, (Pixels{128, 128, 128, 150, 0, 0}));
}

TEST(Thumbnail, UnevenFactorsKeepTheColourAndTheProportion) {
  Pixels pixels;
  for (int i = 0; i < 640 * 400; ++i) pixels.insert(pixels.end(), {10, 200, 30});
  const Decoded small = decode(scale_png(make_png(640, 400, pixels), 161));
  EXPECT_EQ(small.width, 161U);
  EXPECT_EQ(small.height, 101U);
  for (std::size_t i = 0; i < small.pixels.size(); i += 3) {
    ASSERT_EQ(small.pixels[i], 10);
    ASSERT_EQ(small.pixels[i + 1], 200);
    ASSERT_EQ(small.pixels[i + 2], 30);
  }
}

TEST(Thumbnail, NeverMakesAPictureLarger) {
  const std::string png = make_png(2, 1, Pixels(6, 7));
  EXPECT_EQ(scale_png(png, 2), png);
  EXPECT_EQ(scale_png(png, 4096), png);
  EXPECT_EQ(decode(scale_png(make_png(100, 1, Pixels(300, 7)), 1)).height, 1U);
}

TEST(Thumbnail, TransparentAndGreyScreensAreRead) {
  EXPECT_EQ(decode(scale_png(make_png(2, 1, {200, 100, 0, 255, 200, 100, 0, 255}, PNG_FORMAT_RGBA), 1)).pixels,
            (Pixels{200, 100, 0}));
  EXPECT_EQ(decode(scale_png(make_png(2, 1, {50, 50}, PNG_FORMAT_GRAY), 1)).pixels, (Pixels{50, 50, 50}));
}

TEST(Thumbnail, RefusesWhatIsNoPicture) {
  const std::string good = make_png(64, 64, Pixels(64 * 64 * 3, 9));
  EXPECT_EQ(code_of("", 8), "console.bad_picture");
  EXPECT_EQ(code_of("P6 1 1 255 abc", 8), "console.bad_picture");
  for (std::size_t length = 0; length + 24 < good.size(); ++length) {
    EXPECT_EQ(code_of(good.substr(0, length), 8), "console.bad_picture") << length;
  }
  std::string broken = good;
  broken[broken.size() / 2] = static_cast<char>(~broken[broken.size() / 2]);
  EXPECT_EQ(code_of(broken, 8), "console.bad_picture");
  EXPECT_EQ(code_of(good, 0), "console.bad_width");
  EXPECT_EQ(code_of(good, 4097), "console.bad_width");
}

TEST(Thumbnail, RefusesAHugePictureBeforeItTakesTheMemory) {
  std::string huge = make_png(1, 1, Pixels(3, 9));
  huge.replace(16, 8, std::string("\x00\x00\x20\x00\x00\x00\x20\x00", 8));
  EXPECT_EQ(code_of(huge, 8), "console.bad_picture");
  huge.replace(16, 8, std::string("\xFF\xFF\xFF\xFF\x00\x00\x00\x01", 8));
  EXPECT_EQ(code_of(huge, 8), "console.bad_picture");
}

}  // namespace
}  // namespace visor::console
