#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/cpu/fusion.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/products.h"
#include "engine/model/graph_index.h"
#include "engine/reference/interpreter.h"

// Models say "8-bit product" in two ways: by one operator (QLinearConv), or by a float32 product between
// DequantizeLinear and QuantizeLinear. What the machine multiplies best decides which of them is planned.
namespace lapidary::cpu {
namespace {

bool is_8_bit(DataType type) { return type == DataType::UInt8 || type == DataType::Int8; }

/// A value that is a dequantized one: the three inputs of its DequantizeLinear.
struct Dequantized {
  ValueId bytes = -1, scale = -1, zero = -1;
};

/// A zero point where a node has none.
ValueId zero_of(LoweredGraph& graph, DataType type) {
  return graph.add_constant("", tensor_from(type, {}, std::vector<double>{0}));
}

std::optional<Dequantized> dequantized(LoweredGraph& graph, ValueId id, bool one_scale) {
  if (id < 0 || graph.values[id].producer < 0) return std::nullopt;
  const LoweredNode node = graph.nodes[graph.values[id].producer];
  if (node.op != "DequantizeLinear" || !graph.is_float(id) || !is_8_bit(graph.input(node, 0).element) ||
      node.node->attribute_or("block_size", std::int64_t{0}) != 0 || !graph.constant(node, 1) ||
      graph.constant(node, 1)->type() != DataType::Float32 ||
      (graph.has_input(node, 2) && !graph.constant(node, 2)))
    return std::nullopt;
  if (one_scale && graph.input(node, 1).size() != 1) return std::nullopt;
  const ValueId bytes = node.inputs[0], scale = node.inputs[1];
  const ValueId zero =
      graph.has_input(node, 2) ? node.inputs[2] : zero_of(graph, graph.values[bytes].element);
  return Dequantized{bytes, scale, zero};
}

/// One scale, or one for each index of `axis`.
bool scales_along(const LoweredGraph& graph, ValueId id, std::size_t axis) {
  const LoweredNode& node = graph.nodes[graph.values[id].producer];
  const std::int64_t given = node.node->attribute_or("axis", std::int64_t{1});
  const auto rank = static_cast<std::int64_t>(graph.values[id].dims.size());
  return graph.input(node, 1).size() == 1 ||
         (given < 0 ? given + rank : given) == static_cast<std::int64_t>(axis);
}

/// bias / (x scale · weight scale), not rounded; nothing if it is no constant of one number for each channel.
std::optional<Tensor> bias_in_steps(const LoweredGraph& graph, const LoweredNode& node, const Dequantized& x,
                                    const Dequantized& w) {
  const Tensor* bias = graph.constant(node, 2);
  if (!bias || bias->type() != DataType::Float32 || bias->dims().size() != 1) return std::nullopt;
  const auto numbers = values_as<double>(*bias), x_scale = values_as<double>(graph.values[x.scale].constant),
             w_scale = values_as<double>(graph.values[w.scale].constant);
  std::vector<float> steps(numbers.size());
  for (std::size_t c = 0; c < steps.size(); ++c) {
    steps[c] = static_cast<float>(numbers[c] / (x_scale[0] * w_scale[w_scale.size() == 1 ? 0 : c]));
    if (!std::isfinite(steps[c])) return std::nullopt;
  }
  return Tensor::of({static_cast<std::int64_t>(steps.size())}, steps);
}

/// Numbers on both sides of 0, which a convolution multiplies as they are.
bool is_symmetric(const LoweredGraph& graph, const Dequantized& weights) {
  const double middle = graph.values[weights.bytes].element == DataType::UInt8 ? 128 : 0;
  const auto zeros = values_as<double>(graph.values[weights.zero].constant);
  return std::all_of(zeros.begin(), zeros.end(), [&](double zero) { return zero == middle; });
}

/// The node whose work the new one does, with the nodes around it.
void replace(LoweredGraph& graph, int index, const std::string& op, std::vector<ValueId> inputs,
             ValueId output, const std::vector<int>& behind, std::vector<PostOp> post_ops) {
  LoweredNode made;
  made.op = op;
  made.node = graph.nodes[index].node;
  made.record = operator_table().find("", op == "QLinearConv" ? op : "QLinearMatMul", 10);
  made.shown = graph.nodes[index].shown;
  for (const int other : behind) made.shown += " + " + graph.nodes[other].shown;
  LoweredGraph::absorb(made, graph.nodes[index]);
  for (const int other : behind) LoweredGraph::absorb(made, graph.nodes[other]);
  made.inputs = std::move(inputs);
  made.outputs = {output};
  made.post_ops = std::move(post_ops);
  graph.disconnect(index);
  for (const int other : behind) graph.disconnect(other);
  graph.nodes[index] = std::move(made);
  graph.connect(index);
}

/// Every window begins on the input, and there are at most three spatial axes.
bool has_usual_padding(const LoweredGraph& graph, const LoweredNode& node) {
  const Dims &x = graph.input(node, 0).dims, &w = graph.input(node, 1).dims;
  if (x.size() < 3 || x.size() > 5 || w.size() != x.size() || graph.output(node).dims.size() != x.size())
    return false;
  const Window window = window_of(node, x, graph.output(node).dims, Dims(w.begin() + 2, w.end()));
  for (std::size_t i = 0; i < window.kernel.size(); ++i)
    if (window.pads_begin[i] < 0 || window.pads_begin[i] > (window.kernel[i] - 1) * window.dilations[i])
      return false;
  return true;
}

/// oneDNN counts the padding of volumes as 0 at some borders, not as the zero point.
bool pads_volume_with_zero_point(const LoweredGraph& graph, const LoweredNode& node, const Dequantized& x) {
  const Dims &dims = graph.input(node, 0).dims, &w = graph.input(node, 1).dims;
  if (dims.size() != 5) return false;
  const Window window = window_of(node, dims, graph.output(node).dims, Dims(w.begin() + 2, w.end()));
  const auto is_zero = [](auto number) { return number == 0; };
  if (std::ranges::all_of(window.pads_begin, is_zero) && std::ranges::all_of(window.pads_end, is_zero))
    return false;
  const LoweredValue& zero = graph.values[x.zero];
  return !zero.is_constant() || !std::ranges::all_of(values_as<double>(zero.constant), is_zero);
}

/// A step that an activation is, if it is one of a single operand.
std::optional<ElementStep> activation_step(const LoweredGraph& graph, const LoweredNode& node) {
  if (node.op != "Relu" && node.op != "Clip") return std::nullopt;
  const auto program = element_program_of(graph, node);
  if (!program || program->steps.size() != 1 || program->steps[0].b >= 0) return std::nullopt;
  return program->steps[0];
}

/// Of a QuantizeLinear to 8 bits with one constant scale; `bytes` is what it makes.
std::optional<Dequantized> quantization_of(LoweredGraph& graph, int index) {
  const LoweredNode node = graph.nodes[index];
  if (node.op != "QuantizeLinear" || !graph.constant(node, 1) || graph.input(node, 1).size() != 1 ||
      graph.constant(node, 1)->type() != DataType::Float32 || !is_8_bit(graph.output(node).element) ||
      (graph.has_input(node, 2) && !graph.constant(node, 2)))
    return std::nullopt;
  const ValueId zero = graph.has_input(node, 2) ? node.inputs[2] : zero_of(graph, graph.output(node).element);
  return Dequantized{node.outputs[0], node.inputs[1], zero};
}

/// DequantizeLinear → Conv → (Relu or Clip) → QuantizeLinear: QLinearConv. Without the last, or where others
/// read the result too, it gives float32.
void take_convolution(LoweredGraph& graph, int index) {
  const LoweredNode node = graph.nodes[index];
  const auto x = dequantized(graph, node.inputs[0], true), w = dequantized(graph, node.inputs[1], false);
  if (!x || !w || !graph.values[w->bytes].is_constant() || !is_symmetric(graph, *w) ||
      !scales_along(graph, node.inputs[1], 0) || !has_usual_padding(graph, node) ||
      pads_volume_with_zero_point(graph, node, *x))
    return;
  std::vector<int> behind;
  std::vector<PostOp> post_ops;
  int next = graph.only_consumer(node);
  if (const auto step = next < 0 ? std::nullopt : activation_step(graph, graph.nodes[next])) {
    post_ops.push_back({*step, -1});
    behind.push_back(next);
    next = graph.only_consumer(graph.nodes[next]);
  }
  const auto rounded = next < 0 ? std::nullopt : quantization_of(graph, next);
  if (rounded) behind.push_back(next);
  const ValueId result = graph.nodes[behind.empty() ? index : behind.back()].outputs[0];
  std::vector<ValueId> inputs = {x->bytes,
                                 x->scale,
                                 x->zero,
                                 w->bytes,
                                 w->scale,
                                 w->zero,
                                 rounded ? rounded->scale : graph.add_constant("", Tensor::scalar(1.0f)),
                                 rounded ? rounded->zero : zero_of(graph, DataType::UInt8)};
  if (graph.has_input(node, 2)) {
    const auto bias = bias_in_steps(graph, node, *x, *w);
    if (!bias) return;
    inputs.push_back(graph.add_constant("", *bias));
  }
  replace(graph, index, "QLinearConv", std::move(inputs), result, behind, std::move(post_ops));
}

/// The QLinearConv whose 8-bit result only this DequantizeLinear reads, which only one node reads; -1 if
/// there is none.
int private_convolution(const LoweredGraph& graph, ValueId id) {
  const LoweredNode& conversion = graph.nodes[graph.values[id].producer];
  const LoweredValue& bytes = graph.input(conversion, 0);
  if (graph.only_consumer(conversion) < 0 || bytes.producer < 0) return -1;
  const LoweredNode& maker = graph.nodes[bytes.producer];
  // One that was taken before, and that has neither an activation nor a sum of its own.
  const bool is_taken = maker.op == "QLinearConv" && maker.node->op_type == "Conv" &&
                        maker.inputs.size() <= 9 && maker.post_ops.empty();
  return is_taken && graph.only_consumer(maker) >= 0 ? bytes.producer : -1;
}

/// QLinearConv → DequantizeLinear → Add of another dequantized value → (Relu or Clip) → QuantizeLinear: all
/// of it is done with the convolution's sums, which are rounded in between as they were.
void take_sum(LoweredGraph& graph, int index) {
  const LoweredNode node = graph.nodes[index];
  if (node.inputs[0] == node.inputs[1]) return;
  for (const std::size_t slot : {std::size_t{0}, std::size_t{1}}) {
    const auto made = dequantized(graph, node.inputs[slot], true),
               other = dequantized(graph, node.inputs[1 - slot], true);
    if (!made || !other || graph.values[other->bytes].is_constant() ||
        graph.values[other->bytes].dims != graph.output(node).dims ||
        graph.values[made->bytes].dims != graph.output(node).dims)
      return;
    const int convolution = private_convolution(graph, node.inputs[slot]);
    if (convolution < 0 || graph.values[other->bytes].producer > convolution) continue;
    std::vector<int> behind = {graph.values[node.inputs[slot]].producer, index};
    std::vector<PostOp> post_ops = graph.nodes[convolution].post_ops;
    post_ops.push_back({{ElementCode::Add, -1, 9}, 9});
    int next = graph.only_consumer(node);
    if (const auto step = next < 0 ? std::nullopt : activation_step(graph, graph.nodes[next])) {
      post_ops.push_back({*step, -1});
      behind.push_back(next);
      next = graph.only_consumer(graph.nodes[next]);
    }
    const auto rounded = next < 0 ? std::nullopt : quantization_of(graph, next);
    if (!rounded || graph.values[rounded->bytes].element != graph.values[other->bytes].element) return;
    behind.push_back(next);
    std::vector<ValueId> inputs = graph.nodes[convolution].inputs;
    inputs.resize(9, -1);
    inputs.insert(inputs.end(), {other->bytes, other->scale, other->zero, rounded->scale, rounded->zero});
    replace(graph, convolution, "QLinearConv", std::move(inputs), rounded->bytes, behind,
            std::move(post_ops));
    return;
  }
}

/// DequantizeLinear → MatMul or Gemm: an 8-bit product with a float32 result.
void take_matmul(LoweredGraph& graph, int index) {
  const LoweredNode node = graph.nodes[index];
  const auto x = dequantized(graph, node.inputs[0], true), w = dequantized(graph, node.inputs[1], false);
  if (!x || !w || !graph.values[w->bytes].is_constant() || graph.values[w->bytes].dims.size() != 2 ||
      graph.input(node, 0).dims.size() < 2)
    return;
  const bool is_gemm = node.op == "Gemm";
  const bool transposed = is_gemm && node.node->attribute_or("transB", std::int64_t{0}) != 0;
  if (!scales_along(graph, node.inputs[1], transposed ? 0 : 1)) return;
  std::vector<ValueId> inputs = {x->bytes, x->scale, x->zero, w->bytes, w->scale, w->zero, -1, -1};
  if (is_gemm) {
    if (node.node->attribute_or("alpha", 1.0f) != 1 || node.node->attribute_or("beta", 1.0f) != 1 ||
        node.node->attribute_or("transA", std::int64_t{0}) != 0)
      return;
    if (graph.has_input(node, 2)) {
      const Tensor* bias = graph.constant(node, 2);
      const bool is_row = bias && bias->dims().size() == 1 && bias->type() == DataType::Float32 &&
                          (bias->size() == 1 || bias->size() == graph.output(node).dims.back());
      if (!is_row) return;
      inputs.push_back(node.inputs[2]);
    }
  }
  replace(graph, index, "QuantizedMatMul", std::move(inputs), node.outputs[0], {}, {});
}

/// A node made of constants is run now: weights that stayed 8-bit until here, and what is made of them.
void fold(LoweredGraph& graph, int index) {
  const LoweredNode node = graph.nodes[index];
  // What was taken together into one 8-bit step is no longer what its node says.
  if (!node.node || node.op != node.node->op_type || !node.post_ops.empty()) return;
  if (!node.record || !node.record->is_deterministic || !node.captures.empty() || node.outputs.size() != 1 ||
      !graph.values[node.outputs[0]].is_static || !subgraphs_of(*node.node).empty())
    return;
  std::vector<Datum> inputs;
  for (const ValueId id : node.inputs) {
    if (id >= 0 && !graph.values[id].is_constant()) return;
    inputs.emplace_back(id < 0 ? Datum() : Datum(graph.values[id].constant.aligned()));
  }
  const auto outputs = run_kernel(*node.node, *node.record, std::move(inputs), {});
  graph.disconnect(index);
  graph.values[node.outputs[0]].constant = outputs[0].tensor();
}

LoweredNode element_like(const std::string& op, const LoweredNode& origin, std::vector<ValueId> inputs,
                         ValueId output, std::int64_t axis) {
  auto attributes = std::make_shared<Node>(*origin.node);
  attributes->op_type = op;
  attributes->domain.clear();
  attributes->attributes.emplace_back();
  attributes->attributes.back().name = "axis";
  attributes->attributes.back().value = axis;
  LoweredNode made;
  made.op = op;
  made.node = attributes;
  made.record = operator_table().find("", op, 13);
  made.origins = origin.origins;
  made.labels = origin.labels;
  made.inputs = std::move(inputs);
  made.outputs = {output};
  return made;
}

/// QLinearConv and QLinearMatMul as the float32 product between its conversions, for machines without exact
/// products of 8-bit integers.
class Spelling {
 public:
  explicit Spelling(LoweredGraph& graph) : graph_(graph) {}

  void run() {
    std::vector<LoweredNode> nodes = std::move(graph_.nodes);
    for (LoweredNode& node : nodes) {
      if (node.dead) continue;
      if (is_spelled(node))
        spell(node);
      else
        made_.push_back(std::move(node));
    }
    graph_.replace_nodes(std::move(made_));
  }

  static bool is_wanted(const LoweredNode& node) {
    return (node.op == "QLinearConv" || node.op == "QLinearMatMul") && node.node && node.node->domain.empty();
  }

 private:
  bool is_spelled(const LoweredNode& node) const {
    if (!is_wanted(node) || node.inputs.size() < 8) return false;
    for (const std::size_t slot : {1, 2, 4, 5, 6, 7})
      if (!graph_.constant(node, slot)) return false;
    const auto is_known = [&](ValueId id) { return id < 0 || graph_.values[id].is_static; };
    return std::all_of(node.inputs.begin(), node.inputs.end(), is_known) && is_known(node.outputs[0]) &&
           is_8_bit(graph_.input(node, 0).element) && is_8_bit(graph_.input(node, 3).element) &&
           graph_.input(node, 1).element == DataType::Float32 && graph_.input(node, 1).size() == 1 &&
           graph_.input(node, 6).size() == 1 && graph_.constant(node, 3) && graph_.output(node).size() > 0 &&
           (node.op == "QLinearConv" || graph_.input(node, 3).dims.size() == 2) &&
           (node.inputs.size() < 9 || graph_.constant(node, 8));
  }

  ValueId real_value(const LoweredNode& node, const Dims& dims) {
    const ValueId id = graph_.add_value(graph_.output(node).name);
    graph_.values[id].element = DataType::Float32;
    graph_.values[id].dims = dims;
    graph_.values[id].is_static = true;
    return id;
  }

  void spell(const LoweredNode& node) {
    const bool is_convolution = node.op == "QLinearConv";
    const ValueId x = real_value(node, graph_.input(node, 0).dims),
                  w = real_value(node, graph_.input(node, 3).dims),
                  y = real_value(node, graph_.output(node).dims);
    const std::int64_t channel_axis = is_convolution ? 0 : 1;
    made_.push_back(
        element_like("DequantizeLinear", node, {node.inputs[0], node.inputs[1], node.inputs[2]}, x, 0));
    made_.push_back(element_like("DequantizeLinear", node, {node.inputs[3], node.inputs[4], node.inputs[5]},
                                 w, channel_axis));
    LoweredNode product = element_like(is_convolution ? "Conv" : "MatMul", node, {x, w}, y, 0);
    product.shown = node.shown;
    if (node.inputs.size() > 8 && node.inputs[8] >= 0) product.inputs.push_back(real_bias(node));
    made_.push_back(std::move(product));
    made_.push_back(
        element_like("QuantizeLinear", node, {y, node.inputs[6], node.inputs[7]}, node.outputs[0], 0));
  }

  ValueId real_bias(const LoweredNode& node) {
    auto numbers = values_as<float>(graph_.input(node, 8).constant);
    const auto x_scale = values_as<float>(graph_.input(node, 1).constant),
               w_scale = values_as<float>(graph_.input(node, 4).constant);
    for (std::size_t c = 0; c < numbers.size(); ++c)
      numbers[c] *= x_scale[0] * w_scale[w_scale.size() == 1 ? 0 : c];
    return graph_.add_constant("", Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers));
  }

  LoweredGraph& graph_;
  std::vector<LoweredNode> made_;
};

/// A product of known sizes; what lacks an input or does not fit together is refused where it is planned.
bool is_whole(const LoweredGraph& graph, const LoweredNode& node) {
  const auto is_known = [&](ValueId id) { return id < 0 || graph.values[id].is_static; };
  return node.inputs.size() >= 2 && node.inputs[0] >= 0 && node.inputs[1] >= 0 && node.outputs.size() == 1 &&
         std::all_of(node.inputs.begin(), node.inputs.end(), is_known) && is_known(node.outputs[0]);
}

}  // namespace

void choose_quantized_products(LoweredGraph& graph) {
  const bool has_quantized = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const LoweredNode& node) {
    return Spelling::is_wanted(node) || node.op == "DequantizeLinear";
  });
  if (!has_quantized) return;
  move_dequantization(graph);
  if (!has_integer_products()) {
    Spelling(graph).run();
  } else {
    for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
      const LoweredNode& node = graph.nodes[i];
      if (node.dead || !node.node || !normalized_domain(node.node->domain).empty() || !is_whole(graph, node))
        continue;
      if (node.op == "Conv") take_convolution(graph, i);
      if (node.op == "MatMul" || node.op == "Gemm") take_matmul(graph, i);
    }
    for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
      if (const LoweredNode& node = graph.nodes[i]; !node.dead && node.op == "Add" && is_whole(graph, node))
        take_sum(graph, i);
    graph.remove_dead();
  }
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
    if (!graph.nodes[i].dead && !graph.nodes[i].inputs.empty()) fold(graph, i);
}

}  // namespace lapidary::cpu
