#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {
namespace {

/// The file as libtiff reads it, and what it complained of first.
struct Source {
  Bytes file;
  std::uint64_t position = 0;
  std::string message;
};

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t size) {
  auto* source = static_cast<Source*>(handle);
  if (size < 0 || source->position >= source->file.size()) return 0;
  const auto count =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(size), source->file.size() - source->position);
  std::memcpy(target, source->file.data() + source->position, count);
  source->position += count;
  return static_cast<tmsize_t>(count);
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<Source*>(handle);
  if (whence == SEEK_SET) source->position = offset;
  if (whence == SEEK_CUR) source->position += offset;
  if (whence == SEEK_END) source->position = source->file.size() + offset;
  return source->position;
}

int report(TIFF*, void* user_data, const char*, const char* format, va_list arguments) {
  auto* source = static_cast<Source*>(user_data);
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (source->message.empty()) source->message = text;
  return 1;
}

using File = std::unique_ptr<TIFF, void (*)(TIFF*)>;

File open(Source& source) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), report, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(
      options.get(), [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t{4} * most_pixels);
  const auto nothing_written = [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; };
  const auto size = [](thandle_t handle) -> toff_t { return static_cast<Source*>(handle)->file.size(); };
  return {TIFFClientOpenExt(
              "picture", "rm", &source, read_bytes, nothing_written, seek, [](thandle_t) { return 0; }, size,
              nullptr, nullptr, options.get()),
          TIFFClose};
}

}  // namespace

Image decode_tiff(Bytes file) {
  Source source{file, 0, {}};
  const File tiff = open(source);
  const auto failure = [&] { return Error("the TIFF file cannot be decoded: " + source.message); };
  if (!tiff) throw failure();
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  Image image = blank(width, height, 3);
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(image.width * image.height));
  if (!TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1))
    throw failure();
  for (std::size_t i = 0; i < raster.size(); ++i) {
    image.pixels[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    image.pixels[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    image.pixels[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return image;
}

}  // namespace lapidary::image
