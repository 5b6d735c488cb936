#include <algorithm>
#include <cmath>

#include "engine/cpu/fusion.h"
#include "engine/cpu/products.h"
#include "engine/model/mapped_bytes.h"

namespace lapidary::cpu {
namespace {

/// Scaling the weights of a product larger than this costs more at start than a post-op does later.
constexpr std::int64_t most_scaled_weights = 1 << 20;

/// What matters about a product's operands: where weights and bias stand, and how output channels lie in the
/// weights.
struct Product {
  bool is_convolution = false;  ///< channels on axis 1, else on the last
  std::int64_t channels = 0;
  bool weights_constant = false;
};

std::optional<Product> product_of(const LoweredGraph& graph, const LoweredNode& node) {
  static constexpr std::string_view convolutions[] = {"Conv", "ConvTranspose"};
  static constexpr std::string_view products[] = {"MatMul", "Gemm"};
  const bool is_convolution =
      std::find(std::begin(convolutions), std::end(convolutions), node.op) != std::end(convolutions);
  if (!is_convolution && std::find(std::begin(products), std::end(products), node.op) == std::end(products))
    return std::nullopt;
  if (!graph.is_float(node.outputs[0]) || !normalized_domain(node.node->domain).empty()) return std::nullopt;
  const Dims& dims = graph.output(node).dims;
  if (dims.size() < 2) return std::nullopt;
  Product product;
  product.is_convolution = is_convolution;
  product.channels = is_convolution ? dims[1] : dims.back();
  product.weights_constant = graph.constant(node, 1) && has_float_weights(graph, node);
  return product;
}

/// A constant's numbers, one for each channel, if that is how it broadcasts against the product's result.
std::optional<std::vector<float>> channel_numbers(const LoweredGraph& graph, ValueId id,
                                                  const Product& product, std::size_t rank) {
  const LoweredValue& value = graph.values[id];
  if (!value.is_constant() || value.element != DataType::Float32 || value.dims.size() > rank)
    return std::nullopt;
  const std::size_t channel_axis = product.is_convolution ? 1 : rank - 1;
  for (std::size_t i = 0; i < value.dims.size(); ++i) {
    const std::size_t axis = rank - value.dims.size() + i;
    if (value.dims[i] != 1 && (axis != channel_axis || value.dims[i] != product.channels))
      return std::nullopt;
  }
  auto numbers = values_as<float>(value.constant);
  if (numbers.size() == 1) numbers.assign(static_cast<std::size_t>(product.channels), numbers[0]);
  return numbers;
}

/// result·scale + shift, channel by channel.
struct ChannelAffine {
  std::vector<float> scale, shift;
  bool scales = false, shifts = false;

  explicit ChannelAffine(std::int64_t channels)
      : scale(static_cast<std::size_t>(channels), 1.0f), shift(static_cast<std::size_t>(channels), 0.0f) {}
  void multiply(const std::vector<float>& by) {
    for (std::size_t c = 0; c < scale.size(); ++c) {
      scale[c] *= by[c];
      shift[c] *= by[c];
    }
    scales = true;
  }
  void add(const std::vector<float>& by, float sign) {
    for (std::size_t c = 0; c < shift.size(); ++c) shift[c] += sign * by[c];
    shifts = true;
  }
};

/// Takes one step of the consumer into the affine, if it is one.
bool take_affine(const LoweredGraph& graph, const ElementStep& step, int current, const LoweredNode& consumer,
                 const Product& product, ChannelAffine& affine) {
  const std::size_t rank = graph.output(consumer).dims.size();
  const auto all = [&](float number) { return std::vector<float>(affine.scale.size(), number); };
  if (step.code == ElementCode::Affine) {
    if (step.alpha != 1) affine.multiply(all(step.alpha));
    if (step.beta != 0) affine.add(all(step.beta), 1);
    return true;
  }
  if (step.b < 0) return false;
  const bool first = step.a == current;
  const int other = first ? step.b : step.a;
  if (other >= consumer.program.inputs) return false;
  const auto numbers = channel_numbers(graph, consumer.inputs[other], product, rank);
  if (!numbers) return false;
  if (step.code == ElementCode::Add)
    affine.add(*numbers, 1);
  else if (step.code == ElementCode::Sub && first)
    affine.add(*numbers, -1);
  else if (step.code == ElementCode::Mul)
    affine.multiply(*numbers);
  else
    return false;
  return true;
}

bool is_unary_post_op(ElementCode code) {
  switch (code) {
    case ElementCode::Affine:
    case ElementCode::Relu:
    case ElementCode::Clip:
    case ElementCode::Abs:
    case ElementCode::Neg:
    case ElementCode::Exp:
    case ElementCode::Sqrt:
    case ElementCode::Square:
    case ElementCode::Sigmoid:
    case ElementCode::Tanh:
    case ElementCode::Gelu:
    case ElementCode::GeluTanh:
    case ElementCode::Elu:
    case ElementCode::HardSigmoid:
    case ElementCode::HardSwish:
    case ElementCode::Swish:
      return true;
    default:
      return false;
  }
}

/// The other operand may be read while the product is stored: it has the result's sizes, and is made before.
bool is_residual(const LoweredGraph& graph, ValueId other, int product, const LoweredNode& consumer) {
  const LoweredValue& value = graph.values[other];
  return graph.is_float(other) && value.dims == graph.output(consumer).dims && value.producer < product;
}

bool bias_can_change(const LoweredGraph& graph, const LoweredNode& node, const Product& product) {
  if (node.op == "Gemm" && node.node->attribute_or("beta", 1.0f) == 0) return false;
  if (!graph.has_input(node, 2)) return true;
  const auto numbers = channel_numbers(graph, node.inputs[2], product, 2);
  const Tensor* bias = graph.constant(node, 2);
  return bias && bias->type() == DataType::Float32 &&
         (product.is_convolution ? bias->size() == product.channels : numbers.has_value());
}

/// How the first steps of a consumer are done by the product.
struct Plan {
  ChannelAffine affine;
  std::vector<std::pair<ElementStep, ValueId>> post_ops;  ///< with the second operand, or -1
  std::size_t taken = 0;                                  ///< steps that the product does
};

/// oneDNN keeps one set of parameters for each kind of post-op, so that no kind may stand twice in one
/// product.
bool is_repeated(const std::vector<ElementCode>& before, ElementCode code) {
  const auto has = [&](std::initializer_list<ElementCode> codes) {
    return std::any_of(codes.begin(), codes.end(), [&](ElementCode c) {
      return std::find(before.begin(), before.end(), c) != before.end();
    });
  };
  if (code == ElementCode::Affine || code == ElementCode::Neg)
    return has({ElementCode::Affine, ElementCode::Neg, ElementCode::HardSigmoid});
  if (code == ElementCode::Clip) return has({ElementCode::Clip, ElementCode::HardSigmoid});
  if (code == ElementCode::HardSigmoid)
    return has({ElementCode::Affine, ElementCode::Neg, ElementCode::HardSigmoid, ElementCode::Clip});
  return has({code});
}

/// True if nothing from step `begin` on reads the product or a step before the last one taken.
bool can_split(const ElementProgram& program, int product_slot, std::size_t begin) {
  for (std::size_t i = begin; i < program.steps.size(); ++i)
    for (const int operand : program.steps[i].operands())
      if (operand == product_slot ||
          (operand >= program.inputs && operand < program.inputs + static_cast<int>(begin) - 1))
        return false;
  return true;
}

/// How the consumer's program continues the product's result, step by step, as far as it does.
Plan plan_fusion(const LoweredGraph& graph, int product_index, const LoweredNode& consumer,
                 const Product& product) {
  const LoweredNode& node = graph.nodes[product_index];
  Plan plan{ChannelAffine(product.channels), {}, 0}, best = plan;
  const auto slot = std::find(consumer.inputs.begin(), consumer.inputs.end(), node.outputs[0]);
  const int product_slot = static_cast<int>(slot - consumer.inputs.begin());
  int current = product_slot;
  std::vector<ElementCode> kinds;
  for (const PostOp& op : node.post_ops) kinds.push_back(op.step.code);
  const bool scalable = product.is_convolution || graph.input(node, 1).size() <= most_scaled_weights;
  const bool bias_free = bias_can_change(graph, node, product);
  for (const ElementStep& step : consumer.program.steps) {
    if ((step.a == current) == (step.b == current) || step.c >= 0) break;
    bool taken = false;
    if (plan.post_ops.empty() && node.post_ops.empty() && product.weights_constant && bias_free) {
      ChannelAffine tried = plan.affine;
      taken = take_affine(graph, step, current, consumer, product, tried) && (scalable || !tried.scales);
      if (taken) plan.affine = std::move(tried);
    }
    if (!taken && step.b < 0) {
      if (!is_unary_post_op(step.code) || is_repeated(kinds, step.code)) break;
      plan.post_ops.emplace_back(step, -1);
      kinds.push_back(step.code);
    } else if (!taken) {
      const int other = step.a == current ? step.b : step.a;
      if (other >= consumer.program.inputs ||
          (step.code != ElementCode::Add && step.code != ElementCode::Mul) ||
          !is_residual(graph, consumer.inputs[other], product_index, consumer))
        break;
      plan.post_ops.emplace_back(step, consumer.inputs[other]);
    }
    current = consumer.program.inputs + static_cast<int>(plan.taken);
    if (can_split(consumer.program, product_slot, ++plan.taken)) best = plan;
  }
  return best;
}

/// Calls visit(channel, first element, count) for every run of weights that belongs to one output channel.
template <class Visit>
void for_each_channel_run(const LoweredNode& node, const Dims& dims, std::int64_t channels, Visit visit) {
  const std::int64_t count = element_count(dims);
  if (node.op == "Conv" || (node.op == "Gemm" && node.node->attribute_or("transB", std::int64_t{0}) != 0)) {
    const std::int64_t run = count / channels;
    for (std::int64_t c = 0; c < channels; ++c) visit(c, c * run, run);
  } else if (node.op == "ConvTranspose") {
    const std::int64_t groups = node.node->attribute_or("group", std::int64_t{1});
    const std::int64_t per_group = dims[1], run = count / (dims[0] * per_group);
    for (std::int64_t i = 0; i < dims[0]; ++i)
      for (std::int64_t o = 0; o < per_group; ++o)
        visit(i / (dims[0] / groups) * per_group + o, (i * per_group + o) * run, run);
  } else {
    for (std::int64_t i = 0; i < count; ++i) visit(i % channels, i, 1);
  }
}

void scale_weights(LoweredGraph& graph, int index, const std::vector<float>& scale) {
  const LoweredNode& node = graph.nodes[index];
  const Tensor source = *graph.constant(node, 1);
  const Tensor weights = converted_elements(source, DataType::Float32).aligned();
  release_pages(source);
  Tensor scaled(DataType::Float32, weights.dims());
  const float* from = weights.data<float>();
  float* to = scaled.mutable_data<float>();
  for_each_channel_run(node, weights.dims(), static_cast<std::int64_t>(scale.size()),
                       [&](std::int64_t channel, std::int64_t first, std::int64_t count) {
                         for (std::int64_t i = first; i < first + count; ++i)
                           to[i] = from[i] * scale[static_cast<std::size_t>(channel)];
                       });
  const ValueId id = graph.add_constant(graph.input(node, 1).name, converted_elements(scaled, source.type()));
  graph.set_input(index, 1, id);
}

/// bias·scale + shift; refused beforehand if the product has a bias that is not constant numbers for each
/// channel.
void change_bias(LoweredGraph& graph, int index, const ChannelAffine& affine) {
  const LoweredNode& node = graph.nodes[index];
  std::vector<float> bias = affine.shift;
  if (const Tensor* given = graph.constant(node, 2)) {
    const auto numbers = values_as<float>(*given);
    const float beta = node.op == "Gemm" ? node.node->attribute_or("beta", 1.0f) : 1.0f;
    for (std::size_t c = 0; c < bias.size(); ++c)
      bias[c] += affine.scale[c] * beta * numbers[numbers.size() == 1 ? 0 : c];
  }
  const float beta = node.op == "Gemm" ? node.node->attribute_or("beta", 1.0f) : 1.0f;
  if (beta != 0 && beta != 1)
    for (float& number : bias) number /= beta;
  const ValueId id = graph.add_constant("", Tensor::of({static_cast<std::int64_t>(bias.size())}, bias));
  while (graph.nodes[index].inputs.size() < 3) graph.nodes[index].inputs.push_back(-1);
  graph.set_input(index, 2, id);
}

/// The consumer keeps the steps that the product did not take, and reads the product's result in their place.
void leave_rest(LoweredGraph& graph, int product_index, int consumer_index, std::size_t taken) {
  const LoweredNode before = graph.nodes[consumer_index];
  const int current = before.program.inputs + static_cast<int>(taken) - 1;
  ElementProgram program;
  program.steps.assign(before.program.steps.begin() + static_cast<std::ptrdiff_t>(taken),
                       before.program.steps.end());
  std::vector<ValueId> inputs;
  const auto value_of = [&](int operand) {
    return operand == current ? graph.nodes[product_index].outputs[0] : before.inputs[operand];
  };
  const auto is_input = [&](int operand) {
    return operand == current || (operand >= 0 && operand < before.program.inputs);
  };
  for (const ElementStep& step : program.steps)
    for (const int operand : step.operands())
      if (is_input(operand) && std::find(inputs.begin(), inputs.end(), value_of(operand)) == inputs.end())
        inputs.push_back(value_of(operand));
  program.inputs = static_cast<int>(inputs.size());
  for (ElementStep& step : program.steps)
    for (int* const operand : step.operands()) {
      if (is_input(*operand))
        *operand =
            static_cast<int>(std::find(inputs.begin(), inputs.end(), value_of(*operand)) - inputs.begin());
      else if (*operand >= 0)
        *operand += program.inputs - current - 1;
    }
  for (std::size_t slot = 0; slot < before.inputs.size(); ++slot) graph.set_input(consumer_index, slot, -1);
  graph.nodes[consumer_index].inputs.clear();
  for (const ValueId id : inputs) graph.append_input(consumer_index, id);
  graph.nodes[consumer_index].program = std::move(program);
}

/// Products make float32: a program whose last step is stored as another type must keep that step.
bool stores_float(const LoweredGraph& graph, const LoweredNode& consumer, std::size_t taken) {
  return taken < consumer.program.steps.size() || graph.is_float(consumer.outputs[0]);
}

bool fuse_consumer(LoweredGraph& graph, int index) {
  const auto product = product_of(graph, graph.nodes[index]);
  if (!product) return false;
  const int consumer_index = graph.only_consumer(graph.nodes[index]);
  if (consumer_index < 0 || graph.nodes[consumer_index].op != "Elementwise" ||
      graph.nodes[consumer_index].program.compute != DataType::Float32 ||
      graph.output(graph.nodes[consumer_index]).dims != graph.output(graph.nodes[index]).dims)
    return false;
  const Plan plan = plan_fusion(graph, index, graph.nodes[consumer_index], *product);
  if (plan.taken == 0 || !stores_float(graph, graph.nodes[consumer_index], plan.taken)) return false;
  // Weights times infinity would cancel among themselves to no number.
  if (std::any_of(plan.affine.scale.begin(), plan.affine.scale.end(),
                  [](float factor) { return !std::isfinite(factor); }))
    return false;
  if (plan.affine.scales) scale_weights(graph, index, plan.affine.scale);
  if (plan.affine.scales || plan.affine.shifts) change_bias(graph, index, plan.affine);
  while (graph.nodes[index].inputs.size() < 3) graph.nodes[index].inputs.push_back(-1);
  for (const auto& [step, other] : plan.post_ops)
    graph.nodes[index].post_ops.push_back({step, other < 0 ? -1 : graph.append_input(index, other)});
  const LoweredNode consumer = graph.nodes[consumer_index];
  LoweredNode& node = graph.nodes[index];
  LoweredGraph::absorb(node, consumer);
  node.shown += " + " + consumer.shown;
  if (plan.taken < consumer.program.steps.size()) {
    leave_rest(graph, index, consumer_index, plan.taken);
    return false;
  }
  graph.disconnect(consumer_index);
  node.outputs[0] = consumer.outputs[0];
  graph.values[node.outputs[0]].producer = index;
  return true;
}

}  // namespace

void fuse_into_products(LoweredGraph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
    if (!graph.nodes[i].dead)
      while (fuse_consumer(graph, i)) {
      }
}

}  // namespace lapidary::cpu
