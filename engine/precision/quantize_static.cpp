#include "engine/precision/quantize_static.h"

#include <algorithm>
#include <cmath>

#include "engine/model/error.h"
#include "engine/opsets/convert_opset.h"
#include "engine/passes/constants.h"
#include "engine/precision/linear_quantization.h"
#include "engine/precision/quantization_plan.h"

namespace lapidary {
namespace {

/// Writes the plan into one graph.
class QuantizationWriter {
 public:
  QuantizationWriter(GraphRewriter& graph, const QuantizationPlan& plan,
                     const std::map<std::string, ValueRange>& ranges, const QuantizationOptions& options)
      : graph_(graph), plan_(plan), options_(options) {
    for (const auto& [value, range] : ranges) {
      ValueRange& whole = ranges_.try_emplace(plan.group_of(value), range).first->second;
      whole.low = std::min(whole.low, range.low);
      whole.high = std::max(whole.high, range.high);
    }
  }

  void write() {
    for (const std::size_t product : plan_.products) write_weights(product);
    for (const auto& value : plan_.values) write_value(value);
  }

 private:
  Steps steps_of(const std::string& value) const {
    const ValueRange& range = ranges_.at(plan_.group_of(value));
    return steps_for(range.low, range.high, options_.symmetric);
  }

  // --- activations ---

  /// All who read the value read it through 8 bits.
  void write_value(const std::string& value) {
    const Steps steps = steps_of(value);
    const auto readers = graph_.readers(value);
    const std::string scale = graph_.add_constant(value + "_scale", Tensor::scalar(steps.scale));
    const double zero_point = static_cast<double>(steps.zero_point);
    const std::string zero = graph_.add_constant(
        value + "_zero_point", tensor_from(steps.type, {}, std::vector<double>{zero_point}));
    const std::string quantized = graph_.fresh_name(value + "_quantized"),
                      dequantized = graph_.fresh_name(value + "_dequantized");
    graph_.insert_before(readers.front(), conversion("QuantizeLinear", {value, scale, zero}, quantized));
    graph_.insert_before(readers.front(),
                         conversion("DequantizeLinear", {quantized, scale, zero}, dequantized));
    for (const std::size_t reader : readers) {
      Node changed = *graph_.node(reader);
      std::replace(changed.inputs.begin(), changed.inputs.end(), value, dequantized);
      graph_.replace(reader, std::move(changed));
    }
  }

  Node conversion(const char* op_type, std::vector<std::string> inputs, const std::string& output,
                  std::optional<std::int64_t> axis = std::nullopt) {
    Node node;
    node.name = graph_.fresh_name(output + "_node");
    node.op_type = op_type;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    if (axis) node.attributes.push_back(make_attribute("axis", *axis));
    return node;
  }

  // --- weights ---

  /// The axis of output channels; nothing where they are not along one.
  std::optional<std::size_t> channel_axis(const Node& node, const Tensor& weights) const {
    const auto group = node.attribute_or("group", std::int64_t{1});
    if (!options_.per_channel) return std::nullopt;
    if (node.op_type == "Conv") return 0;
    if (node.op_type == "ConvTranspose") return group == 1 ? std::optional<std::size_t>(1) : std::nullopt;
    if (node.op_type == "Gemm") return node.attribute_or("transB", std::int64_t{0}) != 0 ? 0 : 1;
    return weights.rank() == 2 ? std::optional<std::size_t>(1) : std::nullopt;
  }

  /// A bias of one number for each output channel that is added as it is; nullptr if there is none.
  const NamedTensor* plain_bias(const Node& node) const {
    const NamedTensor* bias = node.op_type == "MatMul" ? nullptr : graph_.constant(input_or_empty(node, 2));
    const bool scales = node.attribute_or("alpha", 1.0f) != 1 || node.attribute_or("beta", 1.0f) != 1;
    return bias && bias->tensor.rank() == 1 && bias->tensor.type() == DataType::Float32 && !scales ? bias
                                                                                                   : nullptr;
  }

  void write_weights(std::size_t position) {
    Node changed = *graph_.node(position);
    const Tensor weights = graph_.constant(changed.inputs[1])->tensor;
    const auto axis = channel_axis(changed, weights);
    const float input_scale = steps_of(changed.inputs[0]).scale;
    const NamedTensor* bias = plain_bias(changed);
    const std::size_t channels = axis ? static_cast<std::size_t>(weights.dims()[*axis]) : 1;
    if (bias && axis && static_cast<std::size_t>(bias->tensor.size()) != channels) bias = nullptr;
    const auto least = bias ? least_scales(bias->tensor, input_scale, channels) : std::vector<float>();
    const QuantizedWeights made = quantize_weights(weights, axis, least);
    const auto scale_axis = axis ? std::optional(static_cast<std::int64_t>(*axis)) : std::nullopt;
    if (bias) {
      std::vector<float> scales = made.scales;
      for (float& scale : scales) scale *= input_scale;
      changed.inputs[2] =
          dequantized_constant(position, changed.inputs[2], quantize_bias(bias->tensor, scales), scales,
                               axis ? std::optional<std::int64_t>(0) : std::nullopt);
    }
    changed.inputs[1] =
        dequantized_constant(position, changed.inputs[1], made.values, made.scales, scale_axis);
    graph_.replace(position, std::move(changed));
  }

  /// Scales of weights with which the bias, in steps of input scale · weight scale, fits int32.
  static std::vector<float> least_scales(const Tensor& bias, float input_scale, std::size_t channels) {
    constexpr double most_steps = 1 << 30;
    const auto numbers = values_as<double>(bias);
    std::vector<float> least(channels, 0);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      float& scale = least[channels == 1 ? 0 : i];
      scale = std::max(scale, static_cast<float>(std::abs(numbers[i]) / (input_scale * most_steps)));
    }
    return least;
  }

  std::string dequantized_constant(std::size_t position, const std::string& name, Tensor values,
                                   const std::vector<float>& scales, std::optional<std::int64_t> axis) {
    const Dims dims = axis ? Dims{static_cast<std::int64_t>(scales.size())} : Dims{};
    const std::vector<double> zeros(scales.size(), 0);
    const DataType type = values.type();
    std::vector<std::string> inputs = {
        graph_.add_constant(name + "_quantized", std::move(values)),
        graph_.add_constant(name + "_scale", Tensor::of(dims, scales)),
        graph_.add_constant(name + "_zero_point", tensor_from(type, dims, zeros))};
    const std::string output = graph_.fresh_name(name + "_dequantized");
    graph_.insert_before(position, conversion("DequantizeLinear", std::move(inputs), output, axis));
    return output;
  }

  GraphRewriter& graph_;
  const QuantizationPlan& plan_;
  const QuantizationOptions& options_;
  std::map<std::string, ValueRange> ranges_;  ///< by group
};

constexpr std::int64_t needed_opset = 13;  // the first with a scale for each channel

}  // namespace

std::string QuantizationOptions::keep_reason(const Node& node) const {
  const auto found = kept.find(node.label());
  return found == kept.end() ? excluded.reason(node) : found->second;
}

ModelPointer with_opset_of_at_least(const ModelPointer& model, std::int64_t opset) {
  if (model->opset() >= opset) return model;
  OpsetConversion conversion = convert_opset(model, opset);
  if (conversion.model) return conversion.model;
  const OpsetBlocker& blocker = conversion.blockers.front();
  throw Error("this needs operator set " + std::to_string(opset) +
              ", in which the model cannot be written: " + blocker.reason)
      .node(blocker.node);
}

ModelPointer prepared_for_quantization(const ModelPointer& model) {
  return optimize(with_opset_of_at_least(model, needed_opset), passes_up_to(PassLevel::Extended)).model;
}

PrecisionConversion quantize_static(const ModelPointer& prepared,
                                    const std::map<std::string, ValueRange>& ranges,
                                    const QuantizationOptions& options) {
  std::set<std::string> known;
  for (const auto& [value, range] : ranges) known.insert(value);
  PrecisionConversion result;
  const auto rewrite = [&](GraphRewriter& graph) {
    if (graph.is_inner()) return;
    QuantizationPlan plan = plan_quantization(graph, options, known);
    for (const std::size_t product : plan.products) result.changed.push_back(graph.node(product)->label());
    QuantizationWriter(graph, plan, ranges, options).write();
    result.kept = std::move(plan.kept);
  };
  result.model = rewrite_graphs(prepared, {}, rewrite).model;
  return result;
}

}  // namespace lapidary
