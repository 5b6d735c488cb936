#include <csetjmp>
#include <cstdio>
// jpeglib.h needs the two above it first.
#include <jpeglib.h>

#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

/// libjpeg reports by a callback that must not return: it jumps back to where decoding began. Between there
/// and here no object with a destructor may live, so buffers are made outside.
struct Reports {
  jpeg_error_mgr base;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr codec) {
  auto* reports = reinterpret_cast<Reports*>(codec->err);
  codec->err->format_message(codec, reports->message);
  std::longjmp(reports->back, 1);
}

void prepare(jpeg_decompress_struct& codec, Reports& reports) {
  codec.err = jpeg_std_error(&reports.base);
  reports.base.error_exit = leave;
  reports.base.output_message = [](j_common_ptr) {};
}

bool read_header(jpeg_decompress_struct& codec, Reports& reports, Bytes file) {
  if (setjmp(reports.back)) return false;
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&codec, TRUE);
  const bool is_gray = codec.jpeg_color_space == JCS_GRAYSCALE;
  const bool has_black = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
  codec.out_color_space = is_gray ? JCS_GRAYSCALE : has_black ? JCS_CMYK : JCS_RGB;
  return true;
}

/// Rows of cyan, magenta, yellow and black, which Adobe's files store inverted, as red, green and blue.
void mix_black(const std::uint8_t* row, bool is_inverted, std::int64_t width, std::uint8_t* colors) {
  for (std::int64_t x = 0; x < width; ++x)
    for (int c = 0; c < 3; ++c) {
      const unsigned ink = is_inverted ? row[4 * x + c] : 255u - row[4 * x + c];
      const unsigned black = is_inverted ? row[4 * x + 3] : 255u - row[4 * x + 3];
      colors[3 * x + c] = scaled(ink * black, 255u * 255u);
    }
}

bool read_rows(jpeg_decompress_struct& codec, Reports& reports, Image& image, std::uint8_t* inks) {
  if (setjmp(reports.back)) return false;
  jpeg_start_decompress(&codec);
  while (codec.output_scanline < codec.output_height) {
    std::uint8_t* const row = image.pixels.data() + codec.output_scanline * image.width * image.channels;
    JSAMPROW target = inks ? inks : row;
    jpeg_read_scanlines(&codec, &target, 1);
    if (inks) mix_black(inks, codec.saw_Adobe_marker, image.width, row);
  }
  jpeg_finish_decompress(&codec);
  return true;
}

struct Codec : jpeg_decompress_struct {
  Codec() : jpeg_decompress_struct() {}
  ~Codec() { jpeg_destroy_decompress(this); }
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
};

}  // namespace

Image decode_jpeg(Bytes file) {
  Reports reports{};
  Codec codec;
  prepare(codec, reports);
  const auto failure = [&] {
    return Error("the JPEG file cannot be decoded: " + std::string(reports.message));
  };
  if (!read_header(codec, reports, file)) throw failure();
  const bool has_black = codec.out_color_space == JCS_CMYK;
  Image image = blank(codec.image_width, codec.image_height, codec.out_color_space == JCS_GRAYSCALE ? 1 : 3);
  std::vector<std::uint8_t> inks(has_black ? static_cast<std::size_t>(4 * image.width) : 0);
  if (!read_rows(codec, reports, image, has_black ? inks.data() : nullptr)) throw failure();
  return image;
}

}  // namespace lapidary::image
