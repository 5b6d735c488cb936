#include "engine/ops/microsoft/microsoft.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/microsoft/fused.h"

namespace lapidary {

void register_microsoft(OperatorTable& table) {
  using namespace microsoft;
  for (const auto add_family :
       {register_activations, microsoft::register_attention, register_block_quantization, register_fused,
        register_group_query_attention, register_linear_algebra, register_mixture_of_experts,
        register_multi_head_attention, register_nchwc, microsoft::register_normalization,
        register_packed_attention, register_quantized_elementwise, register_quantized_products,
        register_quantized_recurrent, register_quantized_windows, microsoft::register_rotary_embedding,
        microsoft::register_shape})
    add_family(table);
}

}  // namespace lapidary

namespace lapidary::microsoft {
namespace {

/// What the optimizer fuses, with the names of the attributes that the numbers stand for.
struct Fusible {
  const char* name;
  std::vector<const char*> parameters;
};
const std::vector<Fusible>& fusible_activations() {
  static const std::vector<Fusible> list{{"Relu", {}},
                                         {"Tanh", {}},
                                         {"Sigmoid", {}},
                                         {"LeakyRelu", {"alpha"}},
                                         {"Clip", {"min", "max"}},
                                         {"HardSigmoid", {"alpha", "beta"}},
                                         {"HardSwish", {}},
                                         {"Gelu", {}},
                                         {"Elu", {"alpha"}}};
  return list;
}

const Fusible& fusible(const std::string& name) {
  for (const Fusible& entry : fusible_activations())
    if (entry.name == name) return entry;
  throw Error("activation '" + name + "' cannot be fused");
}

std::vector<std::int64_t> channels_last_order(std::size_t rank) {
  std::vector<std::int64_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (rank > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

std::vector<std::int64_t> channels_first_order(std::size_t rank) {
  std::vector<std::int64_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (rank > 2) std::rotate(order.begin() + 1, order.end() - 1, order.end());
  return order;
}

Type reordered(Type type, std::vector<std::int64_t> (*order_of)(std::size_t)) {
  if (!type.shape) return type;
  const Shape before = *type.shape;
  const auto order = order_of(before.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    (*type.shape)[i] = before[static_cast<std::size_t>(order[i])];
  return type;
}

}  // namespace

FusedActivation read_activation(const Node& node) {
  FusedActivation activation{node.attribute_or("activation", std::string()),
                             node.attribute_or("activation_params", std::vector<float>{})};
  if (!activation.name.empty() && activation.parameters.size() < fusible(activation.name).parameters.size())
    throw Error("activation " + activation.name + " needs " +
                std::to_string(fusible(activation.name).parameters.size()) + " numbers in activation_params");
  return activation;
}

Tensor activated(const KernelContext& context, Tensor x, const FusedActivation& activation) {
  if (activation.name.empty()) return x;
  if (activation.name == "Clip") {
    const auto limit = [&](std::size_t index) {
      return tensor_from(x.type(), {},
                         std::vector<double>{static_cast<double>(activation.parameters[index])});
    };
    return compute(context, "Clip", {x, limit(0), limit(1)});
  }
  return compute(context, activation.name.c_str(), {std::move(x)}, activation_attributes(activation));
}

Attributes activation_attributes(const FusedActivation& activation) {
  Attributes attributes;
  if (activation.name.empty()) return attributes;
  const auto& names = fusible(activation.name).parameters;
  for (std::size_t i = 0; i < names.size(); ++i) attributes.emplace_back(names[i], activation.parameters[i]);
  return attributes;
}

Operator& with_activation(Operator& record) {
  return record
      .optional_attribute(
          "activation", AttributeType::String,
          "Function applied to the result: Relu, Tanh, Sigmoid, LeakyRelu, Clip or HardSigmoid.")
      .optional_attribute("activation_params", AttributeType::Floats,
                          "Its numbers in order: alpha; least and greatest; alpha and beta.");
}

void require_rank(const Tensor& tensor, int rank) {
  if (tensor.rank() != rank)
    throw Error("a tensor of " + std::to_string(rank) + " axes is needed, not " + to_string(tensor.dims()));
}

const Tensor& input_of_rank(const KernelContext& context, std::size_t index, int rank) {
  const Tensor& tensor = context.input(index);
  require_rank(tensor, rank);
  return tensor;
}

Tensor channels_first(const Tensor& tensor) {
  return transposed(tensor, channels_first_order(tensor.dims().size()));
}
Tensor channels_last(const Tensor& tensor) {
  return transposed(tensor, channels_last_order(tensor.dims().size()));
}
Type channels_first(Type type) { return reordered(std::move(type), channels_first_order); }
Type channels_last(Type type) { return reordered(std::move(type), channels_last_order); }

}  // namespace lapidary::microsoft
