#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lapidary {

/// A picture of 8-bit samples in row-major order, [height, width, channels].
struct Image {
  std::int64_t height = 0, width = 0;
  std::int64_t channels = 0;  ///< 1 (gray) or 3 (red, green, blue)
  std::vector<std::uint8_t> pixels;
};

/// Larger pictures are refused before memory is asked for: a file of a few bytes can claim any size.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 28;

/// Decodes a JPEG, PNG, WebP, TIFF, JPEG 2000, BMP or PNM (PBM, PGM, PPM) file, told apart by its first
/// bytes. Palettes are looked up, deeper samples scaled to 8 bits, transparency is dropped; of several
/// pictures the first is taken. Throws Error for other files, damaged ones, and pictures of more than
/// most_pixels.
Image decode_image(std::span<const std::byte> file);

/// The picture with three channels: gray repeated.
Image in_color(Image image);
/// The picture with one channel: ITU-R BT.601 luma.
Image in_gray(Image image);

}  // namespace lapidary
