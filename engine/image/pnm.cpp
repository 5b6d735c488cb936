#include <algorithm>
#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

/// Reads numbers of a netpbm file: decimal text with white space and # comments between.
class Reader {
 public:
  explicit Reader(Bytes file) : file_(file) {}

  bool at_end() const { return position_ >= file_.size(); }
  std::uint8_t byte() {
    if (at_end()) throw Error("the PNM file ends too early");
    return static_cast<std::uint8_t>(file_[position_++]);
  }
  /// The higher one first.
  std::int64_t two_bytes() {
    const std::int64_t high = byte();
    return 256 * high + byte();
  }
  void skip_space() {
    while (!at_end()) {
      const auto c = static_cast<char>(file_[position_]);
      if (c == '#')
        while (!at_end() && static_cast<char>(file_[position_]) != '\n') ++position_;
      else if (c == ' ' || (c >= '\t' && c <= '\r'))
        ++position_;
      else
        return;
    }
  }
  std::int64_t number() {
    skip_space();
    std::int64_t value = 0;
    const std::size_t begin = position_;
    for (; !at_end() && file_[position_] >= std::byte{'0'} && file_[position_] <= std::byte{'9'};
         ++position_) {
      value = 10 * value + (static_cast<char>(file_[position_]) - '0');
      if (value > INT32_MAX) throw Error("the PNM file has a number that is too large");
    }
    if (position_ == begin) throw Error("the PNM file has something else where a number belongs");
    return value;
  }
  /// A digit of plain bitmaps, which need no space between them.
  std::int64_t digit() {
    skip_space();
    const std::uint8_t c = byte();
    if (c != '0' && c != '1') throw Error("the PNM file has something else where 0 or 1 belongs");
    return c - '0';
  }

 private:
  Bytes file_;
  std::size_t position_ = 0;
};

/// Bits of a packed bitmap, each row from a new byte; 1 is black.
void read_packed_bits(Reader& reader, Image& image) {
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t eight = 0;
    for (std::int64_t x = 0; x < image.width; ++x) {
      if (x % 8 == 0) eight = reader.byte();
      image.pixels[y * image.width + x] = (eight >> (7 - x % 8)) & 1 ? 0 : 255;
    }
  }
}

}  // namespace

/// "P1" to "P3" are bitmap, gray and color as text, "P4" to "P6" the same as bytes.
Image decode_pnm(Bytes file) {
  Reader reader(file);
  reader.byte();
  const char kind = static_cast<char>(reader.byte());
  const bool is_bitmap = kind == '1' || kind == '4', is_plain = kind <= '3';
  const std::int64_t width = reader.number(), height = reader.number();
  const std::int64_t greatest = is_bitmap ? 1 : reader.number();
  if (greatest < 1 || greatest > 65535)
    throw Error("the PNM file's greatest value is not within 1 and 65535");
  if (!is_plain) reader.byte();  // one white space before the samples
  Image image = blank(width, height, kind == '3' || kind == '6' ? 3 : 1);
  if (kind == '4') {
    read_packed_bits(reader, image);
    return image;
  }
  for (auto& pixel : image.pixels) {
    std::int64_t value = 0;
    if (kind == '1')
      value = 1 - reader.digit();
    else if (is_plain)
      value = reader.number();
    else
      value = greatest > 255 ? reader.two_bytes() : reader.byte();
    pixel =
        scaled(static_cast<std::uint64_t>(std::min(value, greatest)), static_cast<std::uint64_t>(greatest));
  }
  return image;
}

}  // namespace lapidary::image
