#include "engine/opsets/adapters/pieces.h"

#include <algorithm>

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// Axes are an input from `version` on, an attribute before.
std::string with_axes(NodeRewrite& rewrite, const std::string& op_type, const std::string& value,
                      const Integers& axes, std::int64_t version, Attributes attributes = {}) {
  if (rewrite.opset() >= version)
    return rewrite.write(op_type, {value, rewrite.integers_value(axes, "axes")}, attributes);
  attributes.emplace_back("axes", axes);
  return rewrite.write(op_type, {value}, attributes);
}

}  // namespace

std::string reduced(NodeRewrite& rewrite, const std::string& op_type, const std::string& value,
                    const Integers& axes, bool keeps_axes) {
  return with_axes(rewrite, op_type, value, axes, op_type == "ReduceSum" ? 13 : 18,
                   {{"keepdims", std::int64_t{keeps_axes}}});
}

std::string unsqueezed(NodeRewrite& rewrite, const std::string& value, const Integers& axes) {
  return axes.empty() ? value : with_axes(rewrite, "Unsqueeze", value, axes, 13);
}

std::string squeezed(NodeRewrite& rewrite, const std::string& value, const Integers& axes) {
  return axes.empty() ? value : with_axes(rewrite, "Squeeze", value, axes, 13);
}

std::string sliced(NodeRewrite& rewrite, const std::string& value, std::int64_t axis, std::int64_t start,
                   std::int64_t end) {
  if (rewrite.opset() < 10)
    return rewrite.write("Slice", {value},
                         {{"starts", Integers{start}}, {"ends", Integers{end}}, {"axes", Integers{axis}}});
  return rewrite.write(
      "Slice", {value, rewrite.integers_value({start}, "starts"), rewrite.integers_value({end}, "ends"),
                rewrite.integers_value({axis}, "axes")});
}

std::string reshaped(NodeRewrite& rewrite, const std::string& value, const Integers& dims) {
  constexpr std::int64_t largest = 1 << 20;
  const Tensor* constant = rewrite.constant(value);
  if (constant && constant->size() <= largest) {
    Dims sizes = dims;
    const auto free = std::find(sizes.begin(), sizes.end(), -1);
    if (free != sizes.end()) {
      *free = 1;
      *free = constant->size() / std::max<std::int64_t>(element_count(sizes), 1);
    }
    if (element_count(sizes) == constant->size()) return rewrite.add(constant->reshaped(sizes), "reshaped");
  }
  return rewrite.write("Reshape", {value, rewrite.integers_value(dims, "shape")});
}

std::string transposed(NodeRewrite& rewrite, const std::string& value, const Integers& permutation) {
  return rewrite.write("Transpose", {value}, {{"perm", permutation}});
}

std::string tiled(NodeRewrite& rewrite, const std::string& value, const Dims& dims) {
  Dims from = rewrite.dims(value);
  if (from == dims) return value;
  if (from.size() > dims.size()) rewrite.refuse("'" + value + "' cannot be broadcast to " + to_string(dims));
  const bool is_padded = from.size() < dims.size();
  from.insert(from.begin(), dims.size() - from.size(), 1);
  Integers repeats;
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    repeats.push_back(from[axis] == dims[axis] ? 1 : dims[axis]);
  const std::string padded = is_padded ? reshaped(rewrite, value, from) : value;
  return rewrite.write("Tile", {padded, rewrite.integers_value(repeats, "repeats")});
}

std::string size_of_axis(NodeRewrite& rewrite, const std::string& value, std::int64_t axis) {
  const auto shape = rewrite.shape(value);
  if (shape && non_negative(axis, static_cast<std::int64_t>(shape->size())) <
                   static_cast<std::int64_t>(shape->size())) {
    const auto& size =
        (*shape)[static_cast<std::size_t>(non_negative(axis, static_cast<std::int64_t>(shape->size())))];
    if (size.is_constant()) return rewrite.integers_value({size.value()}, "size");
  }
  const std::int64_t at = axis < 0 ? non_negative(axis, rewrite.rank(value)) : axis;
  return sliced(rewrite, rewrite.write("Shape", {value}), 0, at, at + 1);
}

std::string joined(NodeRewrite& rewrite, std::vector<std::string> sizes) {
  return sizes.size() == 1 ? sizes[0]
                           : rewrite.write("Concat", std::move(sizes), {{"axis", std::int64_t{0}}});
}

std::int64_t non_negative(std::int64_t axis, std::int64_t rank) { return axis < 0 ? axis + rank : axis; }

void make_axis_non_negative(NodeRewrite& rewrite) {
  const std::int64_t axis = rewrite.integer("axis", 0);
  if (axis < 0) rewrite.set("axis", non_negative(axis, rewrite.rank(rewrite.input(0))));
}

void make_axes_non_negative(NodeRewrite& rewrite) {
  auto axes = rewrite.integers("axes");
  if (!axes || std::none_of(axes->begin(), axes->end(), [](std::int64_t axis) { return axis < 0; })) return;
  for (auto& axis : *axes) axis = non_negative(axis, rewrite.rank(rewrite.input(0)));
  rewrite.set("axes", *axes);
}

}  // namespace lapidary
