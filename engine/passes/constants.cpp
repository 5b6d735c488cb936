#include "engine/passes/constants.h"

#include <algorithm>
#include <numeric>

namespace lapidary {

std::optional<std::vector<std::int64_t>> constant_integers(const GraphRewriter& graph,
                                                           const std::string& value) {
  const NamedTensor* constant = graph.constant(value);
  if (!constant || !is_integer(constant->tensor.type())) return std::nullopt;
  return values_as<std::int64_t>(constant->tensor.aligned());
}

IntegersArgument integers_argument(const GraphRewriter& graph, const Node& node, const char* name,
                                   std::size_t index) {
  if (const Attribute* attribute = node.find_attribute(name)) {
    const auto* values = std::get_if<std::vector<std::int64_t>>(&attribute->value);
    return {true, values ? std::optional(*values) : std::nullopt};
  }
  const std::string& input = input_or_empty(node, index);
  return input.empty() ? IntegersArgument{} : IntegersArgument{true, constant_integers(graph, input)};
}

std::optional<std::vector<std::int64_t>> reduced_axes(const GraphRewriter& graph, const Node& node) {
  const auto shape = graph.shape_of_value(node.inputs[0]);
  const IntegersArgument given = integers_argument(graph, node, "axes", 1);
  if (!shape || (given.given && !given.values)) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(shape->size());
  std::vector<std::int64_t> axes = given.values.value_or(std::vector<std::int64_t>());
  for (auto& axis : axes) axis += axis < 0 ? rank : 0;
  if (axes.empty() && node.attribute_or("noop_with_empty_axes", std::int64_t{0}) == 0) {
    axes.resize(shape->size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

std::optional<double> constant_number(const GraphRewriter& graph, const std::string& value) {
  const NamedTensor* constant = graph.constant(value);
  if (!constant || constant->tensor.size() != 1) return std::nullopt;
  const DataType type = constant->tensor.type();
  if (!is_floating(type) && !is_integer(type) && type != DataType::Bool) return std::nullopt;
  return values_as<double>(constant->tensor.aligned())[0];
}

std::optional<Dims> known_dims(const GraphRewriter& graph, const std::string& value) {
  const auto shape = graph.shape_of_value(value);
  return shape ? constant_dims(*shape) : std::nullopt;
}

bool same_shape(const GraphRewriter& graph, const std::string& a, const std::string& b) {
  const auto first = graph.shape_of_value(a), second = graph.shape_of_value(b);
  return first && second && *first == *second;
}

Tensor integers_tensor(const std::vector<std::int64_t>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace lapidary
