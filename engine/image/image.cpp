#include "engine/image/image.h"

#include <array>
#include <string_view>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary {
namespace image {
namespace {

/// How a format's files begin: `mark` at `offset`.
struct Format {
  std::size_t offset;
  std::string_view mark;
  Image (*decode)(Bytes);
};

constexpr auto formats = std::to_array<Format>({
    {0, "\xff\xd8\xff", decode_jpeg},
    {0, "\x89PNG\r\n\x1a\n", decode_png},
    {8, "WEBP", decode_webp},
    {0, std::string_view("II\x2a\0", 4), decode_tiff},
    {0, std::string_view("MM\0\x2a", 4), decode_tiff},
    {0, std::string_view("II\x2b\0", 4), decode_tiff},
    {0, std::string_view("MM\0\x2b", 4), decode_tiff},
    {0, std::string_view("\0\0\0\x0cjP  ", 8), decode_jpeg2000},
    {0, "\xff\x4f\xff\x51", decode_jpeg2000},
    {0, "BM", decode_bmp},
    {0, "P1", decode_pnm},
    {0, "P2", decode_pnm},
    {0, "P3", decode_pnm},
    {0, "P4", decode_pnm},
    {0, "P5", decode_pnm},
    {0, "P6", decode_pnm},
});

}  // namespace

Image blank(std::int64_t width, std::int64_t height, std::int64_t channels) {
  if (width < 1 || height < 1) throw Error("the picture has no pixels");
  if (width > most_pixels / height)
    throw Error("the picture claims " + std::to_string(width) + " × " + std::to_string(height) +
                " pixels, more than " + std::to_string(most_pixels));
  return {height, width, channels,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * channels))};
}

}  // namespace image

Image decode_image(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  for (const auto& format : image::formats)
    if (text.size() > format.offset && text.substr(format.offset).starts_with(format.mark))
      return format.decode(file);
  throw Error("the bytes are no picture that can be decoded")
      .advice("JPEG, PNG, WebP, TIFF, JPEG 2000, BMP and PNM are known");
}

Image in_color(Image image) {
  if (image.channels == 3) return image;
  Image result = image::blank(image.width, image.height, 3);
  for (std::size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] = image.pixels[i / 3];
  return result;
}

Image in_gray(Image image) {
  if (image.channels == 1) return image;
  Image result = image::blank(image.width, image.height, 1);
  for (std::size_t i = 0; i < result.pixels.size(); ++i) {
    // 0.299, 0.587 and 0.114 in 16-bit fixed point.
    const std::uint32_t luma = 19595u * image.pixels[3 * i] + 38470u * image.pixels[3 * i + 1] +
                               7471u * image.pixels[3 * i + 2] + 0x8000u;
    result.pixels[i] = static_cast<std::uint8_t>(luma >> 16);
  }
  return result;
}

}  // namespace lapidary
