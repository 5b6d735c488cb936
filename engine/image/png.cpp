#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

/// The file as libpng reads it, and what it said last. libpng leaves by a jump: between setjmp and the jump
/// no object with a destructor may live, so buffers are made outside.
struct Source {
  Bytes rest;
  char message[128] = "";
};

void read_bytes(png_structp codec, png_bytep target, std::size_t size) {
  auto* source = static_cast<Source*>(png_get_io_ptr(codec));
  if (size > source->rest.size()) png_error(codec, "the file ends too early");
  std::memcpy(target, source->rest.data(), size);
  source->rest = source->rest.subspan(size);
}

[[noreturn]] void leave(png_structp codec, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(codec));
  std::strncpy(source->message, message, sizeof source->message - 1);
  png_longjmp(codec, 1);
}

struct Codec {
  explicit Codec(Source& source)
      : read(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, leave,
                                    [](png_structp, png_const_charp) {})),
        info(read ? png_create_info_struct(read) : nullptr) {
    if (!info) throw Error("no memory to decode a PNG file", Error::Kind::Machine);
    png_set_read_fn(read, &source, read_bytes);
  }
  ~Codec() { png_destroy_read_struct(&read, &info, nullptr); }
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  png_structp read;
  png_infop info;
};

/// Asks for 8-bit gray or red, green and blue, whatever the file holds.
bool read_header(const Codec& codec) {
  if (setjmp(png_jmpbuf(codec.read))) return false;
  png_set_user_limits(codec.read, 1u << 24, 1u << 24);
  png_read_info(codec.read, codec.info);
  png_set_scale_16(codec.read);
  png_set_expand(codec.read);
  png_set_strip_alpha(codec.read);
  png_set_interlace_handling(codec.read);
  png_read_update_info(codec.read, codec.info);
  return true;
}

bool read_rows(const Codec& codec, png_bytepp rows) {
  if (setjmp(png_jmpbuf(codec.read))) return false;
  png_read_image(codec.read, rows);
  return true;
}

}  // namespace

Image decode_png(Bytes file) {
  Source source{file};
  const Codec codec(source);
  const auto failure = [&] {
    return Error("the PNG file cannot be decoded: " + std::string(source.message));
  };
  if (!read_header(codec)) throw failure();
  Image image = blank(png_get_image_width(codec.read, codec.info),
                      png_get_image_height(codec.read, codec.info), png_get_channels(codec.read, codec.info));
  const std::int64_t row_size = image.width * image.channels;
  if (static_cast<std::int64_t>(png_get_rowbytes(codec.read, codec.info)) != row_size ||
      (image.channels != 1 && image.channels != 3))
    throw Error("the PNG file has samples that cannot be decoded");
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < image.height; ++y) rows.push_back(image.pixels.data() + y * row_size);
  if (!read_rows(codec, rows.data())) throw failure();
  return image;
}

}  // namespace lapidary::image
