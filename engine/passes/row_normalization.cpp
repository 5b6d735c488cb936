#include "engine/passes/row_normalization.h"

#include <algorithm>

#include "engine/passes/constants.h"

namespace lapidary {
namespace {

bool casts_to(const Node& node, DataType type) {
  return node.attribute_or("to", std::int64_t{0}) == static_cast<std::int64_t>(type);
}
bool widens(const GraphRewriter&, const Node& node) { return casts_to(node, DataType::Float32); }

bool keeps_axes(const GraphRewriter&, const Node& node) {
  return node.attribute_or("keepdims", std::int64_t{1}) != 0;
}

/// The first axis of the rows whose means the nodes take, if these are the same for all, and the last axes.
std::optional<std::size_t> first_axis(const GraphRewriter& graph, const std::vector<const Node*>& means) {
  const auto axes = reduced_axes(graph, *means[0]);
  const auto shape = graph.shape_of_value(means[0]->inputs[0]);
  if (!axes || axes->empty() || !shape) return std::nullopt;
  for (const Node* mean : means)
    if (reduced_axes(graph, *mean) != axes) return std::nullopt;
  for (std::size_t i = 0; i < axes->size(); ++i)
    if ((*axes)[i] != static_cast<std::int64_t>(shape->size() - axes->size() + i)) return std::nullopt;
  return static_cast<std::size_t>(axes->front());
}

/// Scale or bias as an operand: it has the sizes of a row; a constant may have ones before them.
std::optional<Operand> row_operand(const GraphRewriter& graph, const std::string& name, const Shape& row) {
  const auto shape = graph.shape_of_value(name);
  if (!shape) return std::nullopt;
  if (*shape == row) return Operand(name);
  const NamedTensor* constant = graph.constant(name);
  const auto dims = constant_dims(row);
  if (!constant || !dims || shape->size() < row.size()) return std::nullopt;
  const auto ones = shape->end() - static_cast<std::ptrdiff_t>(row.size());
  const bool fits = std::equal(ones, shape->end(), row.begin()) &&
                    std::all_of(shape->begin(), ones, [](const Dimension& size) { return size == 1; });
  return fits ? std::optional<Operand>(constant->tensor.aligned().reshaped(*dims)) : std::nullopt;
}

std::optional<Operand> ones_operand(DataType type, const Shape& row) {
  const auto dims = constant_dims(row);
  if (!dims) return std::nullopt;
  return tensor_from(type, *dims, std::vector<double>(static_cast<std::size_t>(element_count(*dims)), 1.0));
}

std::optional<Replacement> replacement(const std::string& op_type, const GraphRewriter& graph,
                                       const Match& found) {
  const std::string& x = found.value("x");
  const Type& type = graph.type_of(x);
  const auto axis = first_axis(graph, found.nodes("mean"));
  const bool is_short = type.element == DataType::Float16 || type.element == DataType::BFloat16;
  if (!axis || !type.shape || found.number("epsilon") < 0 || (type.element != DataType::Float32 && !is_short))
    return std::nullopt;
  for (const Node* narrowed : found.nodes("narrowed"))
    if (!is_short || !casts_to(*narrowed, type.element)) return std::nullopt;
  const Shape row(type.shape->begin() + static_cast<std::ptrdiff_t>(*axis), type.shape->end());
  Replacement made{op_type,
                   {x},
                   {make_attribute("axis", -static_cast<std::int64_t>(row.size())),
                    make_attribute("epsilon", static_cast<float>(found.number("epsilon")))}};
  const auto add = [&](const std::optional<Operand>& operand) {
    if (operand) made.operands.push_back(*operand);
    return operand.has_value();
  };
  if (!add(found.has_value("scale") ? row_operand(graph, found.value("scale"), row)
                                    : ones_operand(type.element, row)))
    return std::nullopt;
  if (found.has_value("bias") && !add(row_operand(graph, found.value("bias"), row))) return std::nullopt;
  return made;
}

}  // namespace

Pattern mean_of_rows(const Pattern& x) { return call("ReduceMean", {x}).where(keeps_axes).named("mean"); }

std::vector<Fusion> row_normalizations(const std::string& op_type, std::int64_t opset,
                                       Pattern (*normalized)(const Pattern& x), bool has_bias) {
  const Pattern x = value("x"), scale = value("scale"), bias = value("bias");
  const Pattern wide = call("Cast", {x}).where(widens);
  std::vector<Fusion> all;
  for (const Pattern& rows : {normalized(x), call("Cast", {normalized(wide)}).named("narrowed")}) {
    std::vector<Pattern> patterns = {rows * scale, rows};
    if (has_bias) patterns = {rows * scale + bias, rows + bias, rows * scale, rows};
    for (const Pattern& pattern : patterns)
      all.push_back({pattern, opset, [op_type](const GraphRewriter& graph, const Match& found) {
                       return replacement(op_type, graph, found);
                     }});
  }
  return all;
}

}  // namespace lapidary
