#include <cmath>

#include "engine/passes/all_passes.h"
#include "engine/passes/clip_bounds.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

/// What FusedConv is told of an activation's attributes; nothing for one it does not know.
std::optional<std::vector<float>> parameters_of(const GraphRewriter& graph, const Node& node) {
  if (node.op_type == "LeakyRelu") return std::vector{node.attribute_or("alpha", 0.01f)};
  if (node.op_type == "HardSigmoid")
    return std::vector{node.attribute_or("alpha", 0.2f), node.attribute_or("beta", 0.5f)};
  if (node.op_type != "Clip") return std::vector<float>();
  const auto bounds = clip_bounds(graph, node);
  if (!bounds || !std::isfinite(bounds->low) || !std::isfinite(bounds->high)) return std::nullopt;
  return std::vector{static_cast<float>(bounds->low), static_cast<float>(bounds->high)};
}

std::optional<Replacement> replacement(const GraphRewriter& graph, const Match& found) {
  const Node &convolution = *found.nodes("convolution")[0], &activation = *found.nodes("activation")[0];
  const auto parameters = parameters_of(graph, activation);
  if (!parameters || graph.type_of(found.value("x")).element != DataType::Float32) return std::nullopt;
  Replacement made{"FusedConv", {}, convolution.attributes, "com.microsoft"};
  for (const auto& input : convolution.inputs) made.operands.emplace_back(input);
  made.attributes.push_back(make_attribute("activation", activation.op_type));
  if (!parameters->empty()) made.attributes.push_back(make_attribute("activation_params", *parameters));
  return made;
}

std::vector<Fusion> fusions() {
  const Pattern convolution =
      call("Conv", {value("x"), value("weights")}).with_more_inputs().named("convolution");
  std::vector<Fusion> all;
  for (const char* activation : {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Clip"})
    all.push_back({call(activation, {convolution}).with_more_inputs().named("activation"), 1, replacement});
  return all;
}

}  // namespace

/// An activation of Conv → FusedConv of com.microsoft, where that domain may be written. In float32 only,
/// which is what ONNX Runtime has it for.
PassResult fuse_convolution_activation(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
