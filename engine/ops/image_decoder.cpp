#include <cstring>

#include "engine/image/image.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

void image_decoder(KernelContext& context) {
  const Tensor& stream = context.input(0);
  const std::string format = context.text("pixel_format", "RGB");
  if (format != "RGB" && format != "BGR" && format != "Grayscale")
    throw Error("there is no pixel_format '" + format + "'").advice("It can be RGB, BGR or Grayscale");
  Image image = decode_image(stream.bytes());
  image = format == "Grayscale" ? in_gray(std::move(image)) : in_color(std::move(image));
  if (format == "BGR")
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) std::swap(image.pixels[i], image.pixels[i + 2]);
  Tensor& output = context.output(0, DataType::UInt8, {image.height, image.width, image.channels});
  std::memcpy(output.mutable_bytes(), image.pixels.data(), image.pixels.size());
}

void infer_image_decoder(InferenceContext& context) {
  const std::int64_t channels = context.text("pixel_format", "RGB") == "Grayscale" ? 1 : 3;
  context.set_output(0, DataType::UInt8, Shape{Dimension::unknown(), Dimension::unknown(), channels});
}

}  // namespace

void register_image_decoder(OperatorTable& table) {
  table.add(
      Operator("ImageDecoder", 20, OperatorKind::Other)
          .summary("The pixels of a JPEG, PNG, WebP, TIFF, JPEG 2000, BMP or PNM file. Bytes that cannot be "
                   "decoded are an error here, where the standard gives an empty picture.")
          .attribute("pixel_format", std::string("RGB"),
                     "Order of the channels: RGB, BGR, or Grayscale for one.")
          .input("encoded_stream", "T1", "The file's bytes [size].")
          .output("image", "T2", "Pixels [height, width, channels].")
          .constraint("T1", {"tensor(uint8)"})
          .constraint("T2", {"tensor(uint8)"})
          .infer(infer_image_decoder)
          .kernel(image_decoder)
          .cost(unknown_cost())
          .example("encoded_stream = uint8[19]{80, 54, 32, 50, 32, 49, 32, 50, 53, 53, 10, 255, 0, 0, 0, "
                   "255, 0, 32, 32}"));
}

}  // namespace lapidary
