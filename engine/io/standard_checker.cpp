#include "engine/io/standard_checker.h"

#include <onnx/checker.h>

#include <algorithm>

#include "engine/io/model_writer.h"

namespace lapidary {
namespace {

constexpr std::int64_t newest_opset = 17, newest_ml_opset = 3;
constexpr std::int64_t newest_ir_version = onnx::IR_VERSION;
constexpr std::size_t largest_whole_tensor = 4096;

}  // namespace

std::vector<std::string> standard_checker_messages(const Model& model) {
  if (model.opset() > newest_opset || model.opset("ai.onnx.ml") > newest_ml_opset) return {};
  // The checker asks whether a tensor has data, not what it is: weights are left where they are.
  const WireWriter message = write_model(model, [](const NamedTensor& tensor) {
    Placement placement;
    placement.elided = tensor.tensor.size_bytes() > largest_whole_tensor;
    return placement;
  });
  onnx::ModelProto proto;
  if (!proto.ParseFromString(message.to_string())) return {"The model is nested too deep for ONNX's reader"};
  proto.set_ir_version(std::min(proto.ir_version(), newest_ir_version));
  try {
    onnx::checker::check_model(proto);
  } catch (const std::exception& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return {text};
  }
  return {};
}

}  // namespace lapidary
