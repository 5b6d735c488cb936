#include <algorithm>
#include <limits>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

// --- Squeeze, Unsqueeze ---

void axes_to_input(NodeRewrite& rewrite) { rewrite.attribute_to_input("axes", 1); }
void axes_to_attribute(NodeRewrite& rewrite) { rewrite.input_to_attribute(1, "axes"); }

/// Axes of Unsqueeze count in the result.
void lower_unsqueeze_11(NodeRewrite& rewrite) {
  Integers axes = rewrite.integers("axes").value_or(Integers());
  for (auto& axis : axes)
    if (axis < 0)
      axis = non_negative(axis, rewrite.rank(rewrite.input(0)) + static_cast<std::int64_t>(axes.size()));
  rewrite.set("axes", axes);
}

// --- Reshape, Flatten ---

void raise_reshape_5(NodeRewrite& rewrite) { rewrite.attribute_to_input("shape", 1); }

void lower_reshape_14(NodeRewrite& rewrite) {
  if (rewrite.integer("allowzero", 0) == 0) return;
  // A zero in the shape is a size of zero there, and one to be copied here.
  const auto shape = rewrite.constant_integers(rewrite.input(1));
  if (shape && std::find(shape->begin(), shape->end(), 0) == shape->end()) return rewrite.remove("allowzero");
  rewrite.refuse("Reshape with allowzero may make sizes of 0, which came with operator set 14");
}

/// Before 9 only floating types can be flattened; Reshape takes all.
void lower_flatten_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  if (is_floating(rewrite.element(x))) return;
  const std::int64_t axis = rewrite.integer("axis", 1);
  Integers shape = {1, -1};
  if (axis == 1) shape = {0, -1};
  if (axis > 1) {
    const Dims dims = rewrite.dims(x);
    shape = {1, 1};
    for (std::size_t i = 0; i < dims.size(); ++i)
      shape[static_cast<std::int64_t>(i) < axis ? 0 : 1] *= dims[i];
  }
  rewrite.become("Reshape", {x, rewrite.integers_value(shape, "shape")});
}

// --- Shape ---

void lower_shape_15(NodeRewrite& rewrite) {
  const std::int64_t start = rewrite.integer("start", 0);
  const std::int64_t end = rewrite.integer("end", std::numeric_limits<std::int64_t>::max());
  if (start != 0 || rewrite.has("end")) {
    const auto one = [&](std::int64_t value, const char* base) {
      return rewrite.integers_value({value}, base);
    };
    rewrite.pass_output_through(0, "Slice", {one(start, "start"), one(end, "end"), one(0, "axes")});
  }
  rewrite.remove("start");
  rewrite.remove("end");
}

// --- Split ---

/// Version 1 could take the sizes as an input.
void raise_split_2(NodeRewrite& rewrite) { rewrite.input_to_attribute(1, "split"); }

void split_to_input(NodeRewrite& rewrite) { rewrite.attribute_to_input("split", 1); }
void split_to_attribute(NodeRewrite& rewrite) { rewrite.input_to_attribute(1, "split"); }

void raise_split_18(NodeRewrite& rewrite) {
  if (!rewrite.has_input(1))
    rewrite.set("num_outputs", static_cast<std::int64_t>(rewrite.node.outputs.size()));
}

/// Parts by number: the last one is smaller where the size is no multiple. Before 18 sizes have to be named
/// then.
void lower_split_18(NodeRewrite& rewrite) {
  if (!rewrite.has("num_outputs")) return;
  const std::int64_t count = rewrite.integer("num_outputs", 1);
  rewrite.remove("num_outputs");
  const std::string x = rewrite.input(0);
  const std::int64_t axis = rewrite.integer("axis", 0);
  const std::string size = size_of_axis(rewrite, x, axis);
  const auto shape = rewrite.shape(x);
  const auto at =
      shape ? static_cast<std::size_t>(non_negative(axis, static_cast<std::int64_t>(shape->size()))) : 0;
  if (shape && (*shape)[at].is_constant()) {
    const std::int64_t all = (*shape)[at].value(), part = (all + count - 1) / count;
    if (all % count == 0) return;
    Integers parts(static_cast<std::size_t>(count), part);
    parts.back() = all - part * (count - 1);
    return rewrite.set_input(1, rewrite.integers_value(parts, "split"));
  }
  const auto number = [&](std::int64_t value) { return rewrite.integers_value({value}, "count"); };
  const std::string part =
      rewrite.write("Div", {rewrite.write("Add", {size, number(count - 1)}), number(count)});
  std::vector<std::string> parts(static_cast<std::size_t>(count), part);
  parts.back() = rewrite.write("Sub", {size, rewrite.write("Mul", {part, number(count - 1)})});
  rewrite.set_input(1, joined(rewrite, parts));
}

// --- Tile, Expand, DepthToSpace ---

/// Version 1 repeated one axis.
void raise_tile_6(NodeRewrite& rewrite) {
  const Tensor* tiles = rewrite.constant(rewrite.input(1));
  const Tensor* axis = rewrite.constant(rewrite.input(2));
  if (!tiles || !axis || tiles->size() != 1 || axis->size() != 1)
    rewrite.refuse("its repeats and its axis are computed");
  Integers repeats(static_cast<std::size_t>(rewrite.rank(rewrite.input(0))), 1);
  repeats.at(static_cast<std::size_t>(values_as<std::int64_t>(*axis)[0])) =
      values_as<std::int64_t>(*tiles)[0];
  rewrite.node.inputs = {rewrite.input(0), rewrite.integers_value(repeats, "repeats")};
}

void lower_expand_8(NodeRewrite& rewrite) {
  const Dims from = rewrite.dims(rewrite.input(0)), to = rewrite.dims(rewrite.node.outputs.at(0));
  Dims padded = from;
  padded.insert(padded.begin(), to.size() - from.size(), 1);
  Integers repeats;
  for (std::size_t axis = 0; axis < to.size(); ++axis)
    repeats.push_back(padded[axis] == to[axis] ? 1 : to[axis]);
  const std::string x = padded == from ? rewrite.input(0) : reshaped(rewrite, rewrite.input(0), padded);
  rewrite.become("Tile", {x, rewrite.integers_value(repeats, "repeats")});
}

/// The columns first order: [N, C, r, r, H, W] to [N, C, H, r, W, r].
void lower_depth_to_space_11(NodeRewrite& rewrite) {
  const std::string mode = rewrite.text("mode", "DCR");
  rewrite.remove("mode");
  if (mode == "DCR") return;
  const std::int64_t r = rewrite.integer("blocksize", 1);
  const Dims d = rewrite.dims(rewrite.input(0));
  const std::string apart = reshaped(rewrite, rewrite.input(0), {d[0], d[1] / (r * r), r, r, d[2], d[3]});
  const std::string moved = transposed(rewrite, apart, {0, 1, 4, 2, 5, 3});
  rewrite.become("Reshape",
                 {moved, rewrite.integers_value({d[0], d[1] / (r * r), d[2] * r, d[3] * r}, "shape")});
}

}  // namespace

std::vector<Adapter> shape_adapters() {
  return {
      {"Squeeze", 11, nullptr, make_axes_non_negative},
      {"Squeeze", 13, axes_to_input, axes_to_attribute},
      {"Unsqueeze", 11, nullptr, lower_unsqueeze_11},
      {"Unsqueeze", 13, axes_to_input, axes_to_attribute},
      {"Reshape", 5, raise_reshape_5},
      {"Reshape", 14, nullptr, lower_reshape_14},
      {"Flatten", 9, nullptr, lower_flatten_9},
      {"Flatten", 11, nullptr, make_axis_non_negative},
      {"Concat", 11, nullptr, make_axis_non_negative},
      {"Shape", 15, nullptr, lower_shape_15},
      {"Split", 2, raise_split_2},
      {"Split", 11, nullptr, make_axis_non_negative},
      {"Split", 13, split_to_input, split_to_attribute},
      {"Split", 18, raise_split_18, lower_split_18},
      {"Tile", 6, raise_tile_6},
      {"Expand", 8, nullptr, lower_expand_8},
      {"DepthToSpace", 11, nullptr, lower_depth_to_space_11},
  };
}

}  // namespace lapidary
