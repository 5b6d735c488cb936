#include "engine/precision/quantize_dynamic.h"

#include <map>

#include "engine/precision/linear_quantization.h"
#include "engine/precision/quantization_plan.h"

namespace lapidary {
namespace {

/// x·W → (integers of x · integers of W) · (scale of x · scale of W)
class DynamicWriter {
 public:
  DynamicWriter(GraphRewriter& graph, const QuantizationOptions& options)
      : graph_(graph), options_(options) {}

  std::string refusal(const Node& node) const {
    if (std::string reason = options_.keep_reason(node); !reason.empty()) return reason;
    if (is_standard(node, "ConvTranspose")) return "there is no ConvTranspose of integers";
    if (is_standard(node, "Gemm") && !is_plain_gemm(node)) return "it has alpha, beta or transA";
    if (std::string reason = refused_weights(graph_, node); !reason.empty()) return reason;
    if (graph_.type_of(node.inputs[0]).element != DataType::Float32) return "its input is not float32";
    const int rank = graph_.constant(node.inputs[1])->tensor.rank();
    return !is_standard(node, "Conv") && rank != 2 ? "its weights are no matrix" : "";
  }

  void write(std::size_t position) {
    const Node original = *graph_.node(position);
    const bool is_convolution = original.op_type == "Conv";
    const Tensor& given = graph_.constant(original.inputs[1])->tensor;
    const bool is_transposed = original.attribute_or("transB", std::int64_t{0}) != 0;
    const std::size_t axis = is_convolution || is_transposed ? 0 : 1;
    QuantizedWeights made =
        quantize_weights(given, options_.per_channel ? std::optional(axis) : std::nullopt);
    const Input& input = quantized_input(position, original.inputs[0]);
    const std::string name = original.inputs[1], result = original.outputs[0];
    std::vector<std::string> inputs = {input.values, "", input.zero_point};
    inputs[1] = graph_.add_constant(name + "_quantized", is_convolution  ? moved_to_uint8(made.values)
                                                         : is_transposed ? transposed(made.values)
                                                                         : made.values);
    // Runtimes have ConvInteger for weights of uint8 only.
    if (is_convolution)
      inputs.push_back(graph_.add_constant(name + "_zero_point", Tensor::scalar(std::uint8_t{128})));
    const std::string sums =
        insert(position, original, is_convolution ? "ConvInteger" : "MatMulInteger", inputs,
               result + "_integer", is_convolution ? original.attributes : std::vector<Attribute>());
    const std::string real = insert(position, original, "Cast", {sums}, result + "_real",
                                    {make_attribute("to", static_cast<std::int64_t>(DataType::Float32))});
    const std::size_t behind = is_convolution ? static_cast<std::size_t>(given.rank()) - 2 : 0;
    const std::string scales = graph_.add_constant(name + "_scale", with_axes(made.scales, behind));
    const std::string scale = insert(position, original, "Mul", {input.scale, scales}, result + "_scale");
    finish(position, original, {real, scale}, behind);
  }

 private:
  struct Input {
    std::string values, scale, zero_point;
  };

  /// Each value is quantized once.
  const Input& quantized_input(std::size_t position, const std::string& value) {
    const auto [place, fresh] = inputs_.try_emplace(value);
    if (!fresh) return place->second;
    place->second = {graph_.fresh_name(value + "_quantized"), graph_.fresh_name(value + "_scale"),
                     graph_.fresh_name(value + "_zero_point")};
    Node node;
    node.name = graph_.fresh_name(value + "_quantize");
    node.op_type = "DynamicQuantizeLinear";
    node.inputs = {value};
    node.outputs = {place->second.values, place->second.scale, place->second.zero_point};
    graph_.insert_before(position, std::move(node));
    return place->second;
  }

  std::string insert(std::size_t position, const Node& original, const char* op_type,
                     std::vector<std::string> inputs, const std::string& output,
                     std::vector<Attribute> attributes = {}) {
    Node node =
        node_like(original, op_type, std::move(inputs), {graph_.fresh_name(output)}, std::move(attributes));
    node.name = graph_.fresh_name(node.outputs[0] + "_node");
    const std::string made = node.outputs[0];
    graph_.insert_before(position, std::move(node));
    return made;
  }

  /// The last two steps: the product of sums and scales, and the bias.
  void finish(std::size_t position, const Node& original, std::vector<std::string> factors,
              std::size_t behind) {
    const std::string& bias = input_or_empty(original, 2);
    if (bias.empty())
      return graph_.replace(position, node_like(original, "Mul", std::move(factors), original.outputs));
    const std::string product =
        insert(position, original, "Mul", std::move(factors), original.outputs[0] + "_product");
    std::string addend = bias;
    if (behind > 0) {
      std::vector<std::int64_t> shape(1 + behind, 1);
      shape[0] = -1;
      const std::string sizes =
          graph_.add_constant(bias + "_shape", Tensor::of({static_cast<std::int64_t>(shape.size())}, shape));
      addend = insert(position, original, "Reshape", {bias, sizes}, bias + "_reshaped");
    }
    graph_.replace(position, node_like(original, "Add", {product, addend}, original.outputs));
  }

  static Tensor with_axes(const std::vector<float>& scales, std::size_t behind) {
    if (scales.size() == 1) return Tensor::scalar(scales[0]);
    Dims dims(1 + behind, 1);
    dims[0] = static_cast<std::int64_t>(scales.size());
    return Tensor::of(dims, scales);
  }

  static Tensor moved_to_uint8(const Tensor& values) {
    Tensor made(DataType::UInt8, values.dims());
    for (std::size_t i = 0; i < values.bytes().size(); ++i)
      made.mutable_bytes()[i] = values.bytes()[i] ^ std::byte{0x80};  // + 128
    return made;
  }

  static Tensor transposed(const Tensor& values) {
    const std::int64_t rows = values.dims()[0], columns = values.dims()[1];
    Tensor made(DataType::Int8, {columns, rows});
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        made.mutable_bytes()[c * rows + r] = values.bytes()[static_cast<std::size_t>(r * columns + c)];
    return made;
  }

  GraphRewriter& graph_;
  const QuantizationOptions& options_;
  std::map<std::string, Input> inputs_;
};

}  // namespace

PrecisionConversion quantize_dynamic(const ModelPointer& model, const QuantizationOptions& options) {
  PrecisionConversion result;
  result.model = rewrite_graphs(model, {}, [&](GraphRewriter& graph) {
                   DynamicWriter writer(graph, options);
                   const std::size_t count = graph.size();
                   for (std::size_t i = 0; i < count; ++i) {
                     const Node& node = *graph.node(i);
                     if (!is_quantized_product(node)) continue;
                     if (std::string reason = writer.refusal(node); !reason.empty()) {
                       result.kept.push_back({node.label(), node.op_type, reason});
                       continue;
                     }
                     result.changed.push_back(node.label());
                     writer.write(i);
                   }
                 }).model;
  return result;
}

}  // namespace lapidary
