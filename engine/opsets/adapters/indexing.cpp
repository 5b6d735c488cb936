#include <algorithm>
#include <limits>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

// --- Slice ---

void raise_slice_10(NodeRewrite& rewrite) {
  rewrite.attribute_to_input("starts", 1);
  rewrite.attribute_to_input("ends", 2);
  rewrite.attribute_to_input("axes", 3);
}

/// The indices that a range of an axis with `size` entries takes, as Python counts them.
Integers indices_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t size) {
  const std::int64_t least = step < 0 ? -1 : 0, most = step < 0 ? size - 1 : size;
  const auto bound = [&](std::int64_t at) { return std::clamp(at < 0 ? at + size : at, least, most); };
  Integers indices;
  const std::int64_t last = bound(end);
  for (std::int64_t i = bound(start); step > 0 ? i < last : i > last; i += step) indices.push_back(i);
  return indices;
}

/// Axes of which only some entries are taken are gathered, one after the other.
void gather_steps(NodeRewrite& rewrite, const Integers& steps) {
  const Integers starts = rewrite.needed_integers(1, "starts"), ends = rewrite.needed_integers(2, "ends");
  const Dims dims = rewrite.dims(rewrite.input(0));
  const auto rank = static_cast<std::int64_t>(dims.size());
  std::string current = rewrite.input(0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::int64_t given =
        rewrite.has_input(3) ? rewrite.needed_integers(3, "axes").at(i) : static_cast<std::int64_t>(i);
    const std::int64_t axis = non_negative(given, rank);
    const Integers taken =
        indices_of(starts.at(i), ends.at(i), steps[i], dims.at(static_cast<std::size_t>(axis)));
    const std::string indices = rewrite.integers_value(taken, "indices");
    if (i + 1 == steps.size()) return rewrite.become("Gather", {current, indices}, {{"axis", axis}});
    current = rewrite.write("Gather", {current, indices}, {{"axis", axis}});
  }
}

void lower_slice_10(NodeRewrite& rewrite) {
  if (rewrite.has_input(4)) {
    const Integers steps = rewrite.needed_integers(4, "steps");
    if (std::any_of(steps.begin(), steps.end(), [](std::int64_t step) { return step != 1; }))
      return gather_steps(rewrite, steps);
    rewrite.set_input(4, {});
  }
  rewrite.input_to_attribute(1, "starts");
  rewrite.input_to_attribute(2, "ends");
  rewrite.input_to_attribute(3, "axes");
}

void lower_slice_11(NodeRewrite& rewrite) {
  if (!rewrite.has_input(3)) return;
  Integers axes = rewrite.needed_integers(3, "axes");
  if (std::none_of(axes.begin(), axes.end(), [](std::int64_t axis) { return axis < 0; })) return;
  for (auto& axis : axes) axis = non_negative(axis, rewrite.rank(rewrite.input(0)));
  const Tensor* given = rewrite.constant(rewrite.input(3));
  rewrite.set_input(3, rewrite.add(converted(Tensor::of(given->dims(), axes), given->type()), "axes"));
}

// --- Gather, Scatter ---

/// Constant indices that count from the end count from the start then.
void lower_gather_11(NodeRewrite& rewrite) {
  make_axis_non_negative(rewrite);
  auto indices = rewrite.constant_integers(rewrite.input(1));
  if (!indices || std::none_of(indices->begin(), indices->end(), [](std::int64_t i) { return i < 0; }))
    return;
  const auto shape = rewrite.shape(rewrite.input(0));
  const auto axis = static_cast<std::size_t>(rewrite.integer("axis", 0));
  if (!shape || axis >= shape->size() || !(*shape)[axis].is_constant())
    rewrite.refuse(
        "its indices count from the end of an axis whose size is not known, which came with operator set 11");
  for (auto& index : *indices) index = non_negative(index, (*shape)[axis].value());
  const Tensor* given = rewrite.constant(rewrite.input(1));
  rewrite.set_input(1, rewrite.add(converted(Tensor::of(given->dims(), *indices), given->type()), "indices"));
}

void raise_scatter_11(NodeRewrite& rewrite) { rewrite.node.op_type = "ScatterElements"; }

void lower_scatter_elements_11(NodeRewrite& rewrite) {
  make_axis_non_negative(rewrite);
  rewrite.node.op_type = "Scatter";
}

void lower_scatter_18(NodeRewrite& rewrite) {
  const std::string reduction = rewrite.text("reduction", "none");
  if (reduction == "min" || reduction == "max")
    rewrite.refuse("the reduction " + reduction + " of " + rewrite.node.op_type +
                   " came with operator set 18");
}

// --- TopK ---

void raise_top_k_10(NodeRewrite& rewrite) {
  rewrite.set_input(1, rewrite.integers_value({rewrite.integer("k", 0)}, "k"));
  rewrite.remove("k");
}

void lower_top_k_10(NodeRewrite& rewrite) {
  rewrite.set("k", rewrite.needed_integers(1, "number of elements").at(0));
  rewrite.set_input(1, {});
}

/// The least elements are the greatest of the negative ones. Sorted is one of the orders that unsorted
/// allows.
void lower_top_k_11(NodeRewrite& rewrite) {
  const bool takes_least = rewrite.integer("largest", 1) == 0;
  rewrite.remove("largest");
  rewrite.remove("sorted");
  if (!takes_least) return;
  if (!is_floating(rewrite.element(rewrite.input(0))))
    rewrite.refuse("TopK of the least integers came with operator set 11");
  rewrite.set_input(0, rewrite.write("Neg", {rewrite.input(0)}));
  if (rewrite.wants_output(0)) rewrite.pass_output_through(0, "Neg");
}

// --- OneHot ---

/// Before 11 an index below zero was in no column.
void raise_one_hot_11(NodeRewrite& rewrite) {
  const auto indices = rewrite.constant_integers(rewrite.input(0));
  if (indices && std::none_of(indices->begin(), indices->end(), [](std::int64_t i) { return i < 0; })) return;
  // Those become one that is too large: depth.
  const std::string given = rewrite.input(0), depth = rewrite.input(1);
  const DataType type = rewrite.element(given);
  const std::string zero = rewrite.number(0, type, "zero");
  const std::string below = rewrite.cast(rewrite.write("Less", {given, zero}), DataType::Bool);
  const Shape shape = rewrite.shape(depth).value_or(Shape());
  const std::string single = shape.empty() ? depth : squeezed(rewrite, depth, {0});
  rewrite.set_input(0, rewrite.write("Where", {below, rewrite.cast(single, type), given}));
}

void lower_one_hot_11(NodeRewrite& rewrite) {
  const auto indices = rewrite.constant_integers(rewrite.input(0));
  const bool are_from_start =
      indices && std::none_of(indices->begin(), indices->end(), [](std::int64_t i) { return i < 0; });
  if (are_from_start) return;
  const std::string given = rewrite.input(0), depth = rewrite.input(1);
  const DataType type = rewrite.element(given);
  const Shape shape = rewrite.shape(depth).value_or(Shape());
  const std::string single = shape.empty() ? depth : squeezed(rewrite, depth, {0});
  const std::string zero = rewrite.number(0, type, "zero");
  const std::string below = rewrite.cast(rewrite.write("Less", {given, zero}), type);
  const std::string shift = rewrite.write("Mul", {below, rewrite.cast(single, type)});
  rewrite.set_input(0, rewrite.write("Add", {given, shift}));
}

}  // namespace

std::vector<Adapter> indexing_adapters() {
  return {
      {"Slice", 10, raise_slice_10, lower_slice_10},
      {"Slice", 11, nullptr, lower_slice_11},
      {"Gather", 11, nullptr, lower_gather_11},
      {"Scatter", 11, raise_scatter_11},
      {"ScatterElements", 11, nullptr, lower_scatter_elements_11},
      {"ScatterElements", 16},  // without a reduction, unless asked for
      {"ScatterND", 16},
      {"ScatterElements", 18, nullptr, lower_scatter_18},
      {"ScatterND", 18, nullptr, lower_scatter_18},
      {"GatherND", 12},  // without batch axes, unless asked for
      {"TopK", 10, raise_top_k_10, lower_top_k_10},
      {"TopK", 11, nullptr, lower_top_k_11},
      {"OneHot", 11, raise_one_hot_11, lower_one_hot_11},
      {"Compress", 11, nullptr, make_axis_non_negative},
  };
}

}  // namespace lapidary
