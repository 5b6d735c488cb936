#include <algorithm>
#include <limits>
#include <map>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// Slice with constant arguments (operator set 10 and later), axes counted from the front.
struct Cut {
  Integers starts, ends, axes, steps;
};

std::optional<Cut> cut_of(const GraphRewriter& graph, const Node& node) {
  if (!is_standard(node, "Slice") || graph.opset() < 10 || node.inputs.size() < 3) return std::nullopt;
  const auto starts = constant_integers(graph, node.inputs[1]),
             ends = constant_integers(graph, node.inputs[2]);
  const auto axes = integers_argument(graph, node, "axes", 3),
             steps = integers_argument(graph, node, "steps", 4);
  const auto shape = graph.shape_of_value(node.inputs[0]);
  if (!starts || !ends || !shape || (axes.given && !axes.values) || (steps.given && !steps.values))
    return std::nullopt;
  Cut cut{*starts, *ends, {}, steps.given ? *steps.values : Integers(starts->size(), 1)};
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::int64_t axis = axes.given ? (*axes.values)[i] : static_cast<std::int64_t>(i);
    cut.axes.push_back(axis < 0 ? axis + static_cast<std::int64_t>(shape->size()) : axis);
  }
  return cut;
}

/// x[a:b][c:d] as x[a + c : min(b, a + d)], where all count from the front; true if that goes for the axis
/// that both cut.
bool cut_again(Cut& first, std::size_t place, const Cut& second, std::size_t again) {
  const std::int64_t begin = first.starts[place], end = first.ends[place], from = second.starts[again],
                     to = second.ends[again];
  if (begin < 0 || end < 0 || from < 0 || to < 0 || first.steps[place] != 1 || second.steps[again] != 1)
    return false;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
  first.starts[place] = std::min(begin, most) + std::min(from, most);
  first.ends[place] = std::min(end, std::min(begin, most) + std::min(to, most));
  return true;
}

/// Slice of Slice → one Slice.
bool join_slices(GraphRewriter& graph, std::size_t position) {
  const Node* second = graph.node(position);
  const Node* first = graph.producer_of_type(input_or_empty(*second, 0), "Slice");
  if (!first || !graph.is_private(second->inputs[0])) return false;
  auto before = cut_of(graph, *first), after = cut_of(graph, *second);
  if (!before || !after) return false;
  for (std::size_t i = 0; i < after->axes.size(); ++i) {
    const auto same = std::find(before->axes.begin(), before->axes.end(), after->axes[i]);
    if (same != before->axes.end()) {
      if (!cut_again(*before, static_cast<std::size_t>(same - before->axes.begin()), *after, i)) return false;
      continue;
    }
    before->starts.push_back(after->starts[i]);
    before->ends.push_back(after->ends[i]);
    before->axes.push_back(after->axes[i]);
    before->steps.push_back(after->steps[i]);
  }
  if (!graph.admit(*second)) return false;
  Node joined = node_like(*second, "Slice", {first->inputs[0]}, second->outputs);
  for (const auto& [name, values] : {std::pair("starts", before->starts),
                                     {"ends", before->ends},
                                     {"axes", before->axes},
                                     {"steps", before->steps}})
    joined.inputs.push_back(graph.add_constant(second->outputs[0] + "_" + name, integers_tensor(values)));
  graph.replace(position, std::move(joined));
  return true;
}

/// Gather of Gather along one axis, both with constant indices → one Gather.
bool join_gathers(GraphRewriter& graph, std::size_t position) {
  const Node* second = graph.node(position);
  const Node* first = graph.producer_of_type(input_or_empty(*second, 0), "Gather");
  if (!first || !graph.is_private(second->inputs[0])) return false;
  const NamedTensor *inner = graph.constant(first->inputs[1]), *outer = graph.constant(second->inputs[1]);
  const auto axis = first->attribute_or("axis", std::int64_t{0});
  if (!inner || !outer || inner->tensor.rank() != 1 || axis < 0 ||
      second->attribute_or("axis", std::int64_t{0}) != axis)
    return false;
  const auto table = values_as<std::int64_t>(inner->tensor.aligned());
  auto picks = values_as<std::int64_t>(outer->tensor.aligned());
  const auto count = static_cast<std::int64_t>(table.size());
  for (auto& pick : picks) {
    if (pick < -count || pick >= count) return false;
    pick = table[static_cast<std::size_t>(pick < 0 ? pick + count : pick)];
  }
  if (!graph.admit(*second)) return false;
  Node joined = *second;
  joined.inputs = {first->inputs[0], graph.add_constant(second->outputs[0] + "_indices",
                                                        Tensor::of(outer->tensor.dims(), picks))};
  graph.replace(position, std::move(joined));
  return true;
}

/// A Slice that takes elements from begin to end along one axis.
struct Part {
  std::int64_t begin, end;
  std::size_t position;
};

std::int64_t clamped(std::int64_t place, std::int64_t size) {
  return std::clamp<std::int64_t>(place < 0 ? place + size : place, 0, size);
}

/// The Slices of `value` along one axis that is known, by axis.
std::map<std::int64_t, std::vector<Part>> parts_of(const GraphRewriter& graph, const std::string& value) {
  std::map<std::int64_t, std::vector<Part>> parts;
  const auto shape = graph.shape_of_value(value);
  for (const std::size_t reader : graph.readers(value)) {
    const Node* node = graph.node(reader);
    const auto cut = input_or_empty(*node, 0) == value ? cut_of(graph, *node) : std::nullopt;
    if (!cut || cut->axes.size() != 1 || cut->steps[0] != 1) continue;
    const Dimension& size = (*shape)[static_cast<std::size_t>(cut->axes[0])];
    if (!size.is_constant()) continue;
    parts[cut->axes[0]].push_back(
        {clamped(cut->starts[0], size.value()), clamped(cut->ends[0], size.value()), reader});
  }
  return parts;
}

/// True if the parts, sorted, cover everything from 0 to `size` once.
bool covers(std::vector<Part>& parts, std::int64_t size) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.begin < b.begin; });
  std::int64_t place = 0;
  for (const Part& part : parts) {
    if (part.begin != place || part.end <= place) return false;
    place = part.end;
  }
  return place == size;
}

/// Slices that together take everything along an axis → one Split.
bool split_instead(GraphRewriter& graph, std::size_t position, std::unordered_set<std::string>& tried) {
  const std::string value = graph.node(position)->inputs[0];
  if (graph.opset() < 13 || !tried.insert(value).second) return false;
  for (auto& [axis, parts] : parts_of(graph, value)) {
    const std::int64_t size = (*graph.shape_of_value(value))[static_cast<std::size_t>(axis)].value();
    if (parts.size() < 2 || !covers(parts, size)) continue;
    const Node& first = *graph.node(parts[0].position);
    if (!graph.admit(first)) return false;
    Node split = node_like(first, "Split", {value}, {});
    Integers sizes;
    std::size_t earliest = parts[0].position;
    for (const Part& part : parts) {
      split.outputs.push_back(graph.node(part.position)->outputs[0]);
      sizes.push_back(part.end - part.begin);
      earliest = std::min(earliest, part.position);
    }
    set_attribute(split, "axis", axis);
    split.inputs.push_back(graph.add_constant(value + "_parts", integers_tensor(sizes)));
    for (const Part& part : parts) graph.erase(part.position);
    graph.insert_before(earliest, std::move(split));
    return true;
  }
  return false;
}

/// Concat of all parts of a Split, in order and along its axis → what was split.
bool rejoin(GraphRewriter& graph, std::size_t position) {
  const Node* concat = graph.node(position);
  const Node* split = concat->inputs.empty() ? nullptr : graph.producer_of_type(concat->inputs[0], "Split");
  if (!split || split->outputs != concat->inputs) return false;
  const auto shape = graph.shape_of_value(split->inputs[0]);
  if (!shape) return false;
  const auto axis = [&](const Node& node) {
    const std::int64_t given = node.attribute_or("axis", std::int64_t{0});
    return given < 0 ? given + static_cast<std::int64_t>(shape->size()) : given;
  };
  const std::string source = split->inputs[0];
  if (axis(*split) != axis(*concat) || !concat->find_attribute("axis") ||
      !graph.can_bypass(concat->outputs[0], source) || !graph.admit(*concat))
    return false;
  return graph.bypass(position, concat->outputs[0], source);
}

/// Concat of Concats along the same axis → one Concat.
bool join_concats(GraphRewriter& graph, std::size_t position) {
  const Node* concat = graph.node(position);
  if (graph.opset() < 4) return false;
  const auto axis = [&](const Node& node) {
    const auto shape = graph.shape_of_value(node.inputs[0]);
    const std::int64_t given = node.attribute_or("axis", std::int64_t{0});
    return given < 0 && shape ? given + static_cast<std::int64_t>(shape->size()) : given;
  };
  Node joined = *concat;
  joined.inputs.clear();
  for (const auto& input : concat->inputs) {
    const Node* inner = graph.producer_of_type(input, "Concat");
    if (inner && graph.is_private(input) && axis(*inner) == axis(*concat))
      joined.inputs.insert(joined.inputs.end(), inner->inputs.begin(), inner->inputs.end());
    else
      joined.inputs.push_back(input);
  }
  if (joined.inputs.size() == concat->inputs.size() || !graph.admit(*concat)) return false;
  graph.replace(position, std::move(joined));
  return true;
}

void rewrite(GraphRewriter& graph) {
  std::unordered_set<std::string> tried;  // values whose Slices were looked at
  const std::size_t count = graph.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Node* node = graph.node(i);
    if (!node) continue;
    if (is_standard(*node, "Slice"))
      join_slices(graph, i) || split_instead(graph, i, tried);
    else if (is_standard(*node, "Gather"))
      join_gathers(graph, i);
    else if (is_standard(*node, "Concat"))
      rejoin(graph, i) || join_concats(graph, i);
  }
}

}  // namespace

/// Slice of Slice → one Slice; Concat of Concats along one axis → one Concat; Gather of Gather with constant
/// indices → one Gather; Slices that together take all of a known axis → one Split; Concat of all parts of a
/// Split → what was split. Not where arguments are not constant, or what lies between is read elsewhere.
PassResult merge_slices(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
