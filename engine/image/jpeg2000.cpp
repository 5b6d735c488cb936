#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

struct Source {
  Bytes file;
  std::size_t position = 0;
};

OPJ_SIZE_T read_bytes(void* target, OPJ_SIZE_T size, void* user_data) {
  auto* source = static_cast<Source*>(user_data);
  const std::size_t left = source->file.size() - source->position;
  if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
  const std::size_t count = std::min<std::size_t>(size, left);
  std::memcpy(target, source->file.data() + source->position, count);
  source->position += count;
  return count;
}

OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user_data) {
  auto* source = static_cast<Source*>(user_data);
  const auto left = static_cast<OPJ_OFF_T>(source->file.size() - source->position);
  if (count < 0 || left == 0) return -1;
  const OPJ_OFF_T skipped = std::min(count, left);
  source->position += static_cast<std::size_t>(skipped);
  return skipped;
}

OPJ_BOOL seek(OPJ_OFF_T position, void* user_data) {
  auto* source = static_cast<Source*>(user_data);
  if (position < 0 || static_cast<std::size_t>(position) > source->file.size()) return OPJ_FALSE;
  source->position = static_cast<std::size_t>(position);
  return OPJ_TRUE;
}

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Owned<opj_stream_t> open_stream(Source& source) {
  Owned<opj_stream_t> stream(static_cast<opj_stream_t*>(opj_stream_default_create(OPJ_TRUE)),
                             [](opj_stream_t* s) { opj_stream_destroy(s); });
  if (!stream) throw Error("no memory to decode a JPEG 2000 file", Error::Kind::Machine);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.file.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip_bytes);
  opj_stream_set_seek_function(stream.get(), seek);
  return stream;
}

/// The sample of a component at a pixel of the whole picture as 0 … 255; components may be coarser than it.
std::uint8_t sample(const opj_image_comp_t& component, std::int64_t x, std::int64_t y) {
  const std::int64_t column = std::min<std::int64_t>(x / component.dx, component.w - 1);
  const std::int64_t row = std::min<std::int64_t>(y / component.dy, component.h - 1);
  const std::int64_t greatest = (std::int64_t{1} << component.prec) - 1;
  std::int64_t value = component.data[row * component.w + column];
  if (component.sgnd) value += std::int64_t{1} << (component.prec - 1);
  return scaled(static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, greatest)),
                static_cast<std::uint64_t>(greatest));
}

std::uint8_t clamped(double value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); }

/// Luma and two differences of color (ITU-R BT.601, full range) as red, green and blue, in place.
void to_rgb(std::uint8_t* pixel) {
  const double luma = pixel[0], blue = pixel[1] - 128.0, red = pixel[2] - 128.0;
  pixel[0] = clamped(luma + 1.402 * red);
  pixel[1] = clamped(luma - 0.344136 * blue - 0.714136 * red);
  pixel[2] = clamped(luma + 1.772 * blue);
}

Image pixels_of(const opj_image_t& picture) {
  for (OPJ_UINT32 c = 0; c < picture.numcomps; ++c) {
    const auto& component = picture.comps[c];
    if (!component.data || component.w < 1 || component.h < 1 || component.dx < 1 || component.dy < 1 ||
        component.prec < 1 || component.prec > 31)
      throw Error("the JPEG 2000 file has a component that cannot be decoded");
  }
  Image image = blank(picture.x1 - picture.x0, picture.y1 - picture.y0, picture.numcomps < 3 ? 1 : 3);
  std::uint8_t* pixel = image.pixels.data();
  for (std::int64_t y = 0; y < image.height; ++y)
    for (std::int64_t x = 0; x < image.width; ++x, pixel += image.channels) {
      for (std::int64_t c = 0; c < image.channels; ++c) pixel[c] = sample(picture.comps[c], x, y);
      if (image.channels == 3 && picture.color_space == OPJ_CLRSPC_SYCC) to_rgb(pixel);
    }
  return image;
}

}  // namespace

Image decode_jpeg2000(Bytes file) {
  Source source{file};
  std::string message;
  const Owned<opj_stream_t> stream = open_stream(source);
  const bool is_bare = file[0] == std::byte{0xff};
  const Owned<opj_codec_t> codec(
      static_cast<opj_codec_t*>(opj_create_decompress(is_bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2)),
      [](opj_codec_t* c) { opj_destroy_codec(c); });
  const auto keep_first = [](const char* text, void* target) {
    auto& kept = *static_cast<std::string*>(target);
    if (kept.empty()) kept = std::string(text, std::strcspn(text, "\n"));
  };
  opj_set_error_handler(codec.get(), keep_first, &message);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  const auto failure = [&] { return Error("the JPEG 2000 file cannot be decoded: " + message); };
  if (!opj_setup_decoder(codec.get(), &parameters)) throw failure();
  opj_image_t* made = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &made);
  const Owned<opj_image_t> picture(made, opj_image_destroy);
  if (!has_header || !picture || picture->x1 <= picture->x0 || picture->y1 <= picture->y0 ||
      picture->numcomps < 1)
    throw failure();
  const std::int64_t samples =
      most_pixels / (std::int64_t{picture->x1} - picture->x0) / (std::int64_t{picture->y1} - picture->y0);
  if (samples < picture->numcomps)
    throw Error("the picture claims more than " + std::to_string(most_pixels) + " samples");
  if (!opj_decode(codec.get(), stream.get(), picture.get())) throw failure();
  return pixels_of(*picture);
}

}  // namespace lapidary::image
