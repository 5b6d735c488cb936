#include <array>
#include <bit>
#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

[[noreturn]] void fail(const std::string& why) { throw Error("the BMP file cannot be decoded: " + why); }

/// Little-endian numbers at offsets of the file.
struct Fields {
  Bytes file;

  std::uint32_t number(std::size_t offset, std::size_t size) const {
    if (offset > file.size() || size > file.size() - offset) fail("it ends too early");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint32_t>(file[offset + i]) << (8 * i);
    return value;
  }
  std::uint8_t byte(std::size_t offset) const { return static_cast<std::uint8_t>(number(offset, 1)); }
  std::int32_t integer(std::size_t offset) const { return static_cast<std::int32_t>(number(offset, 4)); }
};

enum Compression : std::uint32_t {
  Plain = 0,
  RunLength8 = 1,
  RunLength4 = 2,
  BitFields = 3,
  AlphaBitFields = 6
};

struct Header {
  std::int64_t width, height;
  bool is_top_down;
  std::uint32_t bits, compression;
  std::size_t palette, palette_entry, palette_size, pixels;
  std::array<std::uint32_t, 3> masks;  ///< of red, green and blue, for 16 and 32 bits
};

/// Offsets are those of BITMAPFILEHEADER and of BITMAPCOREHEADER (12 bytes) or BITMAPINFOHEADER and its
/// successors.
Header read_header(const Fields& fields) {
  Header header{};
  const std::uint32_t size = fields.number(14, 4);
  header.pixels = fields.number(10, 4);
  header.palette = 14 + std::size_t{size};
  if (size == 12) {
    header.width = fields.number(18, 2), header.height = fields.number(20, 2);
    header.bits = fields.number(24, 2);
    header.palette_entry = 3;
  } else if (size >= 40 && size <= 1024) {
    header.width = fields.integer(18), header.height = fields.integer(22);
    header.is_top_down = header.height < 0;
    if (header.is_top_down) header.height = -header.height;
    header.bits = fields.number(28, 2), header.compression = fields.number(30, 4);
    header.palette_size = fields.number(46, 4);
    header.palette_entry = 4;
  } else {
    fail("its header has an unknown size");
  }
  header.masks = header.bits == 16 ? std::array<std::uint32_t, 3>{0x7c00, 0x3e0, 0x1f}
                                   : std::array<std::uint32_t, 3>{0xff0000, 0xff00, 0xff};
  if (header.compression == BitFields || header.compression == AlphaBitFields) {
    for (std::size_t c = 0; c < 3; ++c) header.masks[c] = fields.number(54 + 4 * c, 4);
    if (size == 40) header.palette += header.compression == BitFields ? 12 : 16;
  }
  if (header.bits <= 8 && (header.palette_size == 0 || header.palette_size > (1u << header.bits)))
    header.palette_size = std::size_t{1} << header.bits;
  return header;
}

using Palette = std::vector<std::array<std::uint8_t, 3>>;

Palette read_palette(const Fields& fields, const Header& header) {
  Palette palette(256);  // an index beyond what the file names is black
  for (std::size_t i = 0; i < header.palette_size; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      palette[i][2 - c] = fields.byte(header.palette + i * header.palette_entry + c);
  return palette;
}

std::uint8_t masked(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  return scaled((pixel & mask) >> shift, mask >> shift);
}

/// Rows of indices or colors, each padded to four bytes.
void read_plain(const Fields& fields, const Header& header, const Palette& palette, Image& image) {
  const std::size_t row_size = (static_cast<std::size_t>(header.width) * header.bits + 31) / 32 * 4;
  for (std::int64_t y = 0; y < header.height; ++y) {
    const std::size_t row = header.pixels + static_cast<std::size_t>(y) * row_size;
    std::uint8_t* target =
        image.pixels.data() + (header.is_top_down ? y : header.height - 1 - y) * header.width * 3;
    for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, target += 3) {
      if (header.bits <= 8) {
        const std::size_t bit = x * header.bits;
        const unsigned shift = 8 - header.bits - static_cast<unsigned>(bit % 8);
        const unsigned index = (fields.byte(row + bit / 8) >> shift) & ((1u << header.bits) - 1);
        for (std::size_t c = 0; c < 3; ++c) target[c] = palette[index][c];
      } else if (header.bits == 24) {
        for (std::size_t c = 0; c < 3; ++c) target[c] = fields.byte(row + 3 * x + 2 - c);
      } else {
        const std::uint32_t pixel = fields.number(row + x * header.bits / 8, header.bits / 8);
        for (std::size_t c = 0; c < 3; ++c) target[c] = masked(pixel, header.masks[c]);
      }
    }
  }
}

/// Where a run-length coded picture is being written: what lies outside is not drawn.
struct Pen {
  Image& image;
  const Palette& palette;
  std::int64_t x = 0, y = 0;

  void draw(unsigned index) {
    if (x < image.width && y < image.height)
      for (std::size_t c = 0; c < 3; ++c)
        image.pixels[((image.height - 1 - y) * image.width + x) * 3 + c] = palette[index][c];
    ++x;
  }
};

/// Pairs of bytes: a count and what to repeat; after 0 the end of the row (0), of the picture (1), a jump
/// (2), or so many pixels as they are, padded to two bytes.
void read_run_lengths(const Fields& fields, const Header& header, const Palette& palette, Image& image) {
  Pen pen{image, palette};
  const bool is_4_bit = header.compression == RunLength4;
  const auto index_of = [&](std::uint8_t packed, unsigned i) -> unsigned {
    return !is_4_bit ? packed : i % 2 == 0 ? packed >> 4 : packed & 15u;
  };
  for (std::size_t at = header.pixels; pen.y < image.height;) {
    const std::uint8_t count = fields.byte(at), value = fields.byte(at + 1);
    at += 2;
    if (count > 0) {
      for (unsigned i = 0; i < count; ++i) pen.draw(index_of(value, i));
    } else if (value == 0) {
      pen.x = 0, ++pen.y;
    } else if (value == 1) {
      return;
    } else if (value == 2) {
      pen.x += fields.byte(at), pen.y += fields.byte(at + 1);
      at += 2;
    } else {
      for (unsigned i = 0; i < value; ++i) pen.draw(index_of(fields.byte(at + (is_4_bit ? i / 2 : i)), i));
      const std::size_t size = is_4_bit ? (value + 1u) / 2 : value;
      at += (size + 1) / 2 * 2;
    }
  }
}

}  // namespace

Image decode_bmp(Bytes file) {
  const Fields fields{file};
  const Header header = read_header(fields);
  const bool is_run_length = header.compression == RunLength8 || header.compression == RunLength4;
  const std::uint32_t b = header.bits;
  if (b != 1 && b != 2 && b != 4 && b != 8 && b != 16 && b != 24 && b != 32)
    fail("it has " + std::to_string(b) + " bits a pixel");
  if (is_run_length ? b != (header.compression == RunLength8 ? 8u : 4u)
                    : header.compression != Plain &&
                          ((header.compression != BitFields && header.compression != AlphaBitFields) ||
                           (b != 16 && b != 32)))
    fail("its compression is unknown");
  const Palette palette = read_palette(fields, header);
  if (!is_run_length && header.width > 0 && header.height > 0) {
    // Plain pixels take their room in the file: what is not there is not asked memory for.
    const auto row_size = (static_cast<std::uint64_t>(header.width) * b + 31) / 32 * 4;
    if (header.pixels > file.size() ||
        row_size * static_cast<std::uint64_t>(header.height) > file.size() - header.pixels)
      fail("it ends too early");
  }
  Image image = blank(header.width, header.height, 3);
  if (is_run_length)
    read_run_lengths(fields, header, palette, image);
  else
    read_plain(fields, header, palette, image);
  return image;
}

}  // namespace lapidary::image
