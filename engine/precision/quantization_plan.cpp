#include "engine/precision/quantization_plan.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace lapidary {
namespace {

/// How an operator between products treats 8-bit numbers.
enum class Passing { No, Moves, Computes };

/// Moves: the output holds numbers of the inputs. Computes: sums and means, within reach of the inputs'
/// steps.
Passing passing_of(const Node& node) {
  static constexpr std::array movers{"MaxPool",      "Reshape",  "Flatten", "Squeeze",      "Unsqueeze",
                                     "Transpose",    "Concat",   "Slice",   "Split",        "DepthToSpace",
                                     "SpaceToDepth", "Identity", "Expand",  "GlobalMaxPool"};
  static constexpr std::array sums{"Add", "Mul", "AveragePool", "GlobalAveragePool"};
  const auto is_one_of = [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), [&](const char* type) { return is_standard(node, type); });
  };
  if (is_one_of(movers)) return Passing::Moves;
  if (is_standard(node, "Resize") && node.attribute_or("mode", std::string("nearest")) == "nearest")
    return Passing::Moves;
  return is_one_of(sums) ? Passing::Computes : Passing::No;
}

/// Activations that a product does before its result is rounded.
bool is_activation(const Node& node) {
  static constexpr std::array types{"Relu", "Clip", "LeakyRelu", "HardSwish"};
  return std::any_of(types.begin(), types.end(), [&](const char* type) { return is_standard(node, type); });
}

/// Slots that hold numbers to be quantized, of a node between products.
std::size_t data_inputs(const Node& node) {
  const bool takes_several =
      is_standard(node, "Concat") || is_standard(node, "Add") || is_standard(node, "Mul");
  return takes_several ? node.inputs.size() : std::min<std::size_t>(1, node.inputs.size());
}

class Planning {
 public:
  Planning(const GraphRewriter& graph, const QuantizationOptions& options,
           const std::set<std::string>& ranges)
      : graph_(graph), ranges_(ranges), taken_(graph.size(), false) {
    for (std::size_t i = 0; i < graph.size(); ++i) consider(i, options);
  }

  QuantizationPlan take() {
    leave_out_what_nothing_reads();
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (!taken_[i]) continue;
      const Node& node = *graph_.node(i);
      for (std::size_t slot = 0; slot < data_inputs(node); ++slot) plan_.values.insert(node.inputs[slot]);
      if (passing_of(node) != Passing::Moves) continue;
      for (std::size_t slot = 1; slot < data_inputs(node); ++slot) join(node.inputs[0], node.inputs[slot]);
      for (const auto& output : node.outputs)
        if (!output.empty()) join(node.inputs[0], output);
    }
    for (const auto& [value, parent] : parents_) plan_.groups[value] = root(value);
    return std::move(plan_);
  }

 private:
  void consider(std::size_t position, const QuantizationOptions& options) {
    const Node& node = *graph_.node(position);
    const bool is_product = is_quantized_product(node);
    if (!is_product && passing_of(node) == Passing::No) return;
    std::string reason = options.keep_reason(node);
    if (reason.empty()) reason = is_product ? refused_product(node) : refused_between(node);
    taken_[position] = reason.empty();
    if (!is_product) return;
    if (reason.empty())
      plan_.products.push_back(position);
    else
      plan_.kept.push_back({node.label(), node.op_type, reason});
  }

  std::string refused_product(const Node& node) const {
    if (node.inputs.size() < 2 || !ranges_.contains(node.inputs[0])) return "no range of its input is known";
    return refused_weights(graph_, node);
  }

  std::string refused_between(const Node& node) const {
    for (std::size_t slot = 0; slot < data_inputs(node); ++slot)
      if (!ranges_.contains(node.inputs[slot])) return "not known";
    for (const auto& output : node.outputs)
      if (!output.empty() && graph_.type_of(output).element == DataType::Float32 && !ranges_.contains(output))
        return "not known";
    return data_inputs(node) == 0 ? "reads nothing" : "";
  }

  /// A node between products is left as it is where what it reads does not come from 8-bit numbers, or what
  /// it makes does not go to such.
  void leave_out_what_nothing_reads() {
    for (bool any = true; any;) {
      any = false;
      for (std::size_t i = 0; i < graph_.size(); ++i) {
        if (!taken_[i] || is_quantized_product(*graph_.node(i))) continue;
        const Node& node = *graph_.node(i);
        bool fits = std::any_of(node.outputs.begin(), node.outputs.end(),
                                [&](const auto& output) { return goes_to_8_bits(output); });
        for (std::size_t slot = 0; slot < data_inputs(node); ++slot)
          fits = fits && comes_from_8_bits(node.inputs[slot]);
        if (fits) continue;
        taken_[i] = false;
        any = true;
      }
    }
  }

  bool comes_from_8_bits(const std::string& value) const {
    if (graph_.is_input(value)) return true;
    const int maker = graph_.producer(value);
    if (maker < 0) return false;
    const auto position = static_cast<std::size_t>(maker);
    return taken_[position] ||
           (is_activation(*graph_.node(position)) && comes_from_8_bits(graph_.node(position)->inputs[0]));
  }

  bool goes_to_8_bits(const std::string& value) const {
    const auto readers = graph_.readers(value);
    return std::any_of(readers.begin(), readers.end(), [&](std::size_t reader) {
      return taken_[reader] ||
             (is_activation(*graph_.node(reader)) && goes_to_8_bits(graph_.node(reader)->outputs[0]));
    });
  }

  const std::string& root(const std::string& value) {
    std::string& parent = parents_.try_emplace(value, value).first->second;
    if (parent != value) parent = root(parent);
    return parent;
  }
  void join(const std::string& a, const std::string& b) {
    const std::string first = root(a), second = root(b);
    parents_[second] = first;
  }

  const GraphRewriter& graph_;
  const std::set<std::string>& ranges_;
  std::vector<bool> taken_;
  std::map<std::string, std::string> parents_;
  QuantizationPlan plan_;
};

}  // namespace

const std::string& QuantizationPlan::group_of(const std::string& value) const {
  const auto found = groups.find(value);
  return found == groups.end() ? value : found->second;
}

bool is_quantized_product(const Node& node) {
  static constexpr std::array types{"Conv", "ConvTranspose", "Gemm", "MatMul"};
  return std::any_of(types.begin(), types.end(), [&](const char* type) { return is_standard(node, type); });
}

std::string refused_weights(const GraphRewriter& graph, const Node& node) {
  const NamedTensor* weights = graph.constant(input_or_empty(node, 1));
  if (!weights) return "its weights are not constant";
  if (weights->tensor.type() != DataType::Float32 || weights->tensor.rank() < 2 ||
      weights->tensor.size() == 0)
    return "its weights are no matrix of float32";
  return {};
}

bool is_plain_gemm(const Node& node) {
  return is_standard(node, "Gemm") && node.attribute_or("alpha", 1.0f) == 1 &&
         node.attribute_or("beta", 1.0f) == 1 && node.attribute_or("transA", std::int64_t{0}) == 0;
}

QuantizationPlan plan_quantization(const GraphRewriter& graph, const QuantizationOptions& options,
                                   const std::set<std::string>& ranges) {
  return Planning(graph, options, ranges).take();
}

}  // namespace lapidary
