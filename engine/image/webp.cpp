#include <webp/decode.h>

#include "engine/image/decoders.h"
#include "engine/model/error.h"

namespace lapidary::image {

Image decode_webp(Bytes file) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(file.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, file.size(), &features) != VP8_STATUS_OK)
    throw Error("the WebP file cannot be decoded: its header is damaged");
  if (features.has_animation)
    throw Error("the WebP file is an animation").advice("Give it as a still picture");
  Image image = blank(features.width, features.height, 3);
  if (!WebPDecodeRGBInto(data, file.size(), image.pixels.data(), image.pixels.size(),
                         static_cast<int>(3 * image.width)))
    throw Error("the WebP file cannot be decoded: it is damaged or ends too early");
  return image;
}

}  // namespace lapidary::image
