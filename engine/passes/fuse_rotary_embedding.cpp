#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/sized_operand.h"

namespace lapidary {
namespace {

constexpr int most_depth = 8;

/// One of the halves of a value's last axis.
struct Half {
  std::string source;
  bool is_second;
};

bool is_last_axis(const GraphRewriter& graph, const std::string& value, std::int64_t axis) {
  const auto shape = graph.shape_of_value(value);
  return axis == -1 || (shape && axis + 1 == static_cast<std::int64_t>(shape->size()));
}

std::optional<Half> half_of_split(const GraphRewriter& graph, const Node& split, const std::string& value) {
  const auto whole = graph.shape_of_value(split.inputs[0]), part = graph.shape_of_value(value);
  if (split.outputs.size() != 2 || !whole || !part ||
      !is_last_axis(graph, value, split.attribute_or("axis", std::int64_t{0})) ||
      !(part->back() + part->back() == whole->back()))
    return std::nullopt;
  return Half{split.inputs[0], value == split.outputs[1]};
}

std::optional<Half> half_of_slice(const GraphRewriter& graph, const Node& slice) {
  const auto whole = graph.shape_of_value(slice.inputs[0]);
  const auto one = [&](const char* name, std::size_t index, std::int64_t otherwise) {
    const auto argument = integers_argument(graph, slice, name, index);
    if (!argument.given) return std::optional(otherwise);
    return argument.values && argument.values->size() == 1 ? std::optional((*argument.values)[0])
                                                           : std::nullopt;
  };
  const auto begin = one("starts", 1, 0), end = one("ends", 2, 0), axis = one("axes", 3, 0),
             step = one("steps", 4, 1);
  if (!begin || !end || !axis || step != 1 || !whole || whole->empty() || !whole->back().is_constant() ||
      !is_last_axis(graph, slice.inputs[0], *axis))
    return std::nullopt;
  const std::int64_t size = whole->back().value();
  if (size % 2 != 0) return std::nullopt;
  if (*begin == 0 && *end == size / 2) return Half{slice.inputs[0], false};
  if ((*begin == size / 2 || *begin == -size / 2) && *end >= size) return Half{slice.inputs[0], true};
  return std::nullopt;
}

std::optional<Half> half_of(const GraphRewriter& graph, const std::string& value) {
  if (const Node* split = graph.producer_of_type(value, "Split")) return half_of_split(graph, *split, value);
  const Node* slice = graph.producer_of_type(value, "Slice");
  return slice ? half_of_slice(graph, *slice) : std::nullopt;
}

/// True if both halves of the last axis hold the same: what is made from Concat of one value with itself,
/// element by element or with other axes before.
bool has_equal_halves(const GraphRewriter& graph, const std::string& value, int depth = 0) {
  const auto shape = graph.shape_of_value(value);
  if (!shape || shape->empty() || depth == most_depth) return false;
  if (const NamedTensor* constant = graph.constant(value)) {
    const auto numbers = values_as<double>(constant->tensor.aligned());
    const auto size = static_cast<std::size_t>(constant->tensor.dims().back()), half = size / 2;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (size % 2 != 0 || (i % size < half && numbers[i] != numbers[i + half])) return false;
    return true;
  }
  const int position = graph.producer(value);
  if (position < 0) return false;
  const Node& node = *graph.node(static_cast<std::size_t>(position));
  if (!normalized_domain(node.domain).empty() || node.inputs.empty()) return false;
  if (node.op_type == "Concat")
    return node.inputs.size() == 2 && node.inputs[0] == node.inputs[1] &&
           is_last_axis(graph, value, node.attribute_or("axis", std::int64_t{0}));
  static constexpr std::string_view passing[] = {"Cos",       "Sin",     "Cast",  "Mul",
                                                 "Unsqueeze", "Reshape", "Expand"};
  if (std::find(std::begin(passing), std::end(passing), node.op_type) == std::end(passing)) return false;
  if (node.op_type == "Mul" && !constant_number(graph, node.inputs[1])) return false;
  const auto before = graph.shape_of_value(node.inputs[0]);
  return before && !before->empty() && before->back() == shape->back() &&
         has_equal_halves(graph, node.inputs[0], depth + 1);
}

/// cos or sin [B, 1, S, D] as a cache [B, S, D/2] for x [B, H, S, D].
std::optional<Operand> cache_operand(const GraphRewriter& graph, const std::string& name,
                                     const std::string& x) {
  const auto given = graph.shape_of_value(name), shape = graph.shape_of_value(x);
  if (!given || !has_equal_halves(graph, name) || given->size() != 4 || !((*given)[1] == 1))
    return std::nullopt;
  for (const std::size_t axis : {std::size_t{0}, std::size_t{2}, std::size_t{3}})
    if (!((*given)[axis] == (*shape)[axis]) && !(axis == 0 && (*given)[axis] == 1)) return std::nullopt;
  const std::int64_t half = shape->back().value() / 2;
  const Operand whole = with_sizes(graph, name, {{x, 0}, {name, 1}, {name, 2}, {name, 3}});
  const Operand sliced =
      result_of({"Slice", {whole, integers_tensor({0}), integers_tensor({half}), integers_tensor({3})}});
  return result_of({"Squeeze", {sliced, integers_tensor({1})}});
}

std::optional<Replacement> replacement(const GraphRewriter& graph, const Match& found) {
  const std::string& x = found.value("x");
  const auto shape = graph.shape_of_value(x);
  const auto first = half_of(graph, found.value("first")), second = half_of(graph, found.value("second"));
  if (!shape || shape->size() != 4 || !shape->back().is_constant() || !first || !second || first->is_second ||
      !second->is_second || first->source != x || second->source != x)
    return std::nullopt;
  const auto cos = cache_operand(graph, found.value("cos"), x),
             sin = cache_operand(graph, found.value("sin"), x);
  if (!cos || !sin) return std::nullopt;
  return Replacement{"RotaryEmbedding", {x, *cos, *sin}};
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern turned =
      call("Concat", {call("Neg", {value("second")}), value("first")})
          .where([](const GraphRewriter& graph, const Node& node) {
            return node.inputs.size() == 2 &&
                   is_last_axis(graph, node.outputs[0], node.attribute_or("axis", std::int64_t{0}));
          });
  return {{x * value("cos") + turned * value("sin"), 23, replacement}};
}

}  // namespace

/// x·cos + Concat(−x₂, x₁)·sin → RotaryEmbedding, where x₁ and x₂ are the halves of x [B, H, S, D], and cos
/// and sin [B, 1, S, D] say the same for both. Not where they cannot be seen to.
PassResult fuse_rotary_embedding(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
