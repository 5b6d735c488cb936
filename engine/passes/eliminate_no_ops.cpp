#include <algorithm>
#include <unordered_map>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

using Question = bool (*)(const GraphRewriter&, const Node&);

bool keeps_shape(const GraphRewriter& graph, const Node& node) {
  return same_shape(graph, node.inputs[0], node.outputs[0]);
}

bool casts_to_same(const GraphRewriter& graph, const Node& node) {
  const Type& type = graph.type_of(node.inputs[0]);
  return type.is_tensor() && type.element != DataType::Undefined &&
         type.element == graph.type_of(node.outputs[0]).element;
}

bool permutes_nothing(const GraphRewriter& graph, const Node& node) {
  const auto perm = node.attribute_or("perm", std::vector<std::int64_t>());
  const auto shape = graph.shape_of_value(node.inputs[0]);
  if (perm.empty()) return shape && shape->size() < 2;
  return std::is_sorted(perm.begin(), perm.end());
}

bool all_are(const std::optional<std::vector<std::int64_t>>& values, std::int64_t wanted) {
  return values && std::all_of(values->begin(), values->end(), [&](std::int64_t v) { return v == wanted; });
}

bool pads_nothing(const GraphRewriter& graph, const Node& node) {
  const char* name = node.find_attribute("paddings") ? "paddings" : "pads";
  return all_are(integers_argument(graph, node, name, 1).values, 0);
}

/// By constants alone, since a shape that stays may still be one that was turned round.
bool slices_everything(const GraphRewriter& graph, const Node& node) {
  const auto starts = integers_argument(graph, node, "starts", 1).values,
             ends = integers_argument(graph, node, "ends", 2).values;
  const auto steps = integers_argument(graph, node, "steps", 4);
  if (!all_are(starts, 0) || !ends || (steps.given && !all_are(steps.values, 1))) return false;
  return keeps_shape(graph, node) || all_are(ends, std::numeric_limits<std::int64_t>::max());
}

bool joins_one(const GraphRewriter&, const Node& node) { return node.inputs.size() == 1; }

bool repeats_once(const GraphRewriter& graph, const Node& node) {
  return node.inputs.size() == 2 && all_are(integers_argument(graph, node, "repeats", 1).values, 1);
}

/// Same sizes and no crop: every coordinate falls on an element, in every mode.
bool resizes_nothing(const GraphRewriter& graph, const Node& node) {
  const auto mode = node.attribute_or("coordinate_transformation_mode", std::string("half_pixel"));
  if (mode == "tf_crop_and_resize" || mode == "tf_half_pixel_for_nn") return false;
  if (node.op_type == "Resize" && graph.opset() < 11 && !keeps_shape(graph, node)) return false;
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    if (const NamedTensor* scales = graph.constant(node.inputs[i]);
        scales && is_floating(scales->tensor.type()) && scales->tensor.size() > 0) {
      if (i == 1 && node.inputs.size() > 2) continue;  // the region of interest
      const auto values = values_as<double>(scales->tensor.aligned());
      return std::all_of(values.begin(), values.end(), [](double s) { return s == 1; });
    }
  const auto sizes = input_or_empty(node, 3);
  return !sizes.empty() && keeps_shape(graph, node);
}

/// What one operand leaves of the other: the number that changes nothing.
struct Neutral {
  double number;
  bool either_side;
};

bool is_neutral(const GraphRewriter& graph, const Node& node, const Neutral& neutral, std::size_t kept) {
  const std::string& other = node.inputs[1 - kept];
  return (kept == 0 || neutral.either_side) && constant_number(graph, other) == neutral.number &&
         same_shape(graph, node.inputs[kept], node.outputs[0]);
}

const std::unordered_map<std::string, Question>& questions() {
  static const std::unordered_map<std::string, Question> all = {
      {"Cast", casts_to_same},     {"Transpose", permutes_nothing},
      {"Pad", pads_nothing},       {"Slice", slices_everything},
      {"Concat", joins_one},       {"Sum", joins_one},
      {"Max", joins_one},          {"Min", joins_one},
      {"Mean", joins_one},         {"Tile", repeats_once},
      {"Reshape", keeps_shape},    {"Expand", keeps_shape},
      {"Flatten", keeps_shape},    {"Squeeze", keeps_shape},
      {"Unsqueeze", keeps_shape},  {"Split", keeps_shape},
      {"Resize", resizes_nothing}, {"Upsample", resizes_nothing},
  };
  return all;
}

/// The position of the input that the node only passes on, or -1. Adding 0 is not here: it turns -0 into 0.
int passed_on(const GraphRewriter& graph, const Node& node) {
  static const std::unordered_map<std::string, Neutral> neutral = {
      {"Mul", {1, true}}, {"Div", {1, false}}, {"Sub", {0, false}}, {"Pow", {1, false}},
      {"And", {1, true}}, {"Or", {0, true}},   {"Xor", {0, true}}};
  if (const auto question = questions().find(node.op_type); question != questions().end())
    return question->second(graph, node) ? 0 : -1;
  const auto found = neutral.find(node.op_type);
  if (found == neutral.end() || node.inputs.size() != 2) return -1;
  for (std::size_t kept = 0; kept < 2; ++kept)
    if (is_neutral(graph, node, found->second, kept)) return static_cast<int>(kept);
  return -1;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (!node || !normalized_domain(node->domain).empty() || node->outputs.size() != 1 ||
        input_or_empty(*node, 0).empty() || !graph.record(*node))
      continue;
    const int kept = passed_on(graph, *node);
    if (kept < 0) continue;
    const std::string& source = node->inputs[static_cast<std::size_t>(kept)];
    if (graph.can_bypass(node->outputs[0], source) && graph.admit(*node))
      graph.bypass(i, node->outputs[0], source);
  }
}

}  // namespace

/// A node that passes its input on as it is → nothing: Cast to the same type, Reshape, Expand, Flatten,
/// Squeeze and Unsqueeze to the same shape, Transpose that moves nothing, Pad by 0, Slice of everything,
/// Concat, Sum, Max, Min, Mean and Split of one, Tile by 1, Resize by 1, Mul, Div and Pow by 1, Sub of 0, And
/// with true, Or and Xor with false. Not where the shape cannot be told, the other operand makes it larger,
/// or the result is an output and the input is no node's.
PassResult eliminate_no_ops(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
