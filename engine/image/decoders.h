#pragma once

#include "engine/image/image.h"

/// One decoder a format, each in the file of its name; image.cpp chooses among them.
namespace lapidary::image {

using Bytes = std::span<const std::byte>;

/// A picture of zeros; throws Error if a size is below 1, or there would be more than most_pixels.
Image blank(std::int64_t width, std::int64_t height, std::int64_t channels);
/// `value` of 0 … `greatest` as 0 … 255, rounded to nearest.
inline std::uint8_t scaled(std::uint64_t value, std::uint64_t greatest) {
  return static_cast<std::uint8_t>((value * 255 + greatest / 2) / greatest);
}

Image decode_jpeg(Bytes file);
Image decode_png(Bytes file);
Image decode_webp(Bytes file);
Image decode_tiff(Bytes file);
Image decode_jpeg2000(Bytes file);
Image decode_bmp(Bytes file);
Image decode_pnm(Bytes file);

}  // namespace lapidary::image
