// What a tensor's sizes are, and the same elements under other sizes: Shape, Size, Reshape, Flatten, Squeeze,
// Unsqueeze.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- Shape, Size ---

/// Axes [first, second) that Shape's `start` and `end` name (Shape-15): negative from the back, cut to the
/// rank.
std::pair<std::int64_t, std::int64_t> shape_range(const Node& node, std::int64_t rank) {
  const auto bound = [&](std::string_view name, std::int64_t otherwise) {
    const auto given = node.attribute_or(name, otherwise);
    return std::clamp<std::int64_t>(given < 0 ? given + rank : given, 0, rank);
  };
  const auto start = bound("start", 0), end = bound("end", rank);
  return {start, std::max(start, end)};
}

void shape(KernelContext& context) {
  const Dims& dims = context.input(0).dims();
  const auto [start, end] = shape_range(context.node(), context.input(0).rank());
  context.set_output(0, Tensor::of({end - start}, Dims(dims.begin() + start, dims.begin() + end)));
}

void infer_shape(InferenceContext& context) {
  const auto& input = context.input_shape(0);
  if (!input) return context.set_output(0, DataType::Int64, Shape{Dimension::unknown()});
  const auto [start, end] = shape_range(context.node(), static_cast<std::int64_t>(input->size()));
  context.set_output(0, DataType::Int64, Shape{end - start});
  context.set_output_values(0, std::vector<Dimension>(input->begin() + start, input->begin() + end));
}

void size(KernelContext& context) { context.set_output(0, Tensor::scalar(context.input(0).size())); }

void infer_size(InferenceContext& context) {
  context.set_output(0, DataType::Int64, Shape{});
  if (const auto& input = context.input_shape(0)) context.set_output_values(0, {element_count(*input)});
}

// --- Reshape ---

[[noreturn]] void cannot_reshape(const Dims& from, const Dims& to) {
  throw Error("cannot reshape " + to_string(from) + " to " + to_string(to));
}

/// The sizes that `wanted` stands for: 0 copies the input's size unless `allow_zero`, one -1 takes what is
/// left.
Dims reshaped_dims(const Tensor& data, const std::vector<std::int64_t>& wanted, bool allow_zero) {
  Dims dims = wanted;
  std::optional<std::size_t> open;
  std::int64_t rest = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == -1) {
      if (open) throw Error("more than one size of " + to_string(wanted) + " is -1");
      open = i;
      continue;
    }
    if (dims[i] < -1) cannot_reshape(data.dims(), wanted);
    if (dims[i] == 0 && !allow_zero) {
      if (i >= data.dims().size()) cannot_reshape(data.dims(), wanted);
      dims[i] = data.dims()[i];
    }
    rest = checked_product(rest, dims[i]);
  }
  if (open) {
    if (rest == 0 || data.size() % rest != 0) cannot_reshape(data.dims(), wanted);
    dims[*open] = data.size() / rest;
  } else if (rest != data.size()) {
    cannot_reshape(data.dims(), wanted);
  }
  return dims;
}

void reshape(KernelContext& context) {
  const auto wanted = attribute_or_input(context, "shape", 1);
  if (!wanted) throw Error("Reshape has no shape");
  const Tensor& data = context.input(0);
  context.set_output(0, data.reshaped(reshaped_dims(data, *wanted, context.integer("allowzero", 0) != 0)));
}

/// What one -1 stands for: the elements of `from` that `others` do not take. Sizes found on both sides are
/// struck out first, so that unknown ones that were copied do not matter.
Dimension open_dimension(Shape from, Shape others) {
  std::erase_if(others, [&](const Dimension& size) {
    const auto same = std::find(from.begin(), from.end(), size);
    if (same == from.end()) return false;
    from.erase(same);
    return true;
  });
  return floor_div(element_count(from), element_count(others));
}

Shape reshaped_shape(InferenceContext& context, const std::optional<Shape>& from,
                     const std::vector<Dimension>& wanted) {
  const bool allow_zero = context.integer("allowzero", 0) != 0;
  Shape result, others;
  Shape remaining = from.value_or(Shape{});
  std::vector<std::size_t> copied;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Dimension size = wanted[i];
    if (size.is_constant() && size.value() == -1) {
      if (open) context.report("more than one size of " + to_string(wanted) + " is -1");
      open = i;
      size = Dimension::unknown();
    } else if (size.is_constant() && size.value() == 0 && !allow_zero) {
      if (from && i >= from->size()) context.report("0 at axis " + std::to_string(i) + " copies no size");
      size = from && i < from->size() ? (*from)[i] : Dimension::unknown();
      copied.push_back(i);
    } else {
      size = checked_size(context, size);
      others.push_back(size);
    }
    result.push_back(size);
  }
  for (auto i = copied.rbegin(); i != copied.rend(); ++i)
    if (*i < remaining.size()) remaining.erase(remaining.begin() + static_cast<std::ptrdiff_t>(*i));
  if (open && from) result[*open] = open_dimension(std::move(remaining), std::move(others));
  return result;
}

void infer_reshape(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const Argument wanted = attribute_or_input(context, "shape", 1);
  std::optional<Shape> result;
  if (wanted.values) {
    result = reshaped_shape(context, from, *wanted.values);
    const auto before = from ? constant_dims(*from) : std::nullopt, after = constant_dims(*result);
    if (before && after && element_count(*before) != element_count(*after))
      context.report("cannot reshape " + to_string(*before) + " to " + to_string(*wanted.values));
  } else if (context.has_input(1)) {
    const auto& rank = context.input_shape(1);  // [rank of the result]
    if (rank && rank->size() == 1 && (*rank)[0].is_constant() && (*rank)[0].value() <= 64)
      result = unknown_shape(static_cast<std::size_t>((*rank)[0].value()));
  }
  context.set_output(0, context.input_element(0), std::move(result));
  pass_values(context);
}

// --- Flatten ---

void flatten(KernelContext& context) {
  const Tensor& data = context.input(0);
  std::int64_t axis = context.integer("axis", 1);
  if (axis < -data.rank() || axis > data.rank())
    throw Error("axis " + std::to_string(axis) + " is outside a tensor of rank " +
                std::to_string(data.rank()));
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + data.rank() : axis);
  const Dims& dims = data.dims();
  context.set_output(0,
                     data.reshaped({count_between(dims, 0, split), count_between(dims, split, dims.size())}));
}

void infer_flatten(InferenceContext& context) {
  Shape result = unknown_shape(2);
  if (const auto& from = context.input_shape(0)) {
    const auto rank = static_cast<std::int64_t>(from->size());
    std::int64_t axis = context.integer("axis", 1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis > rank)
      context.report("axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
    else
      result = {element_count(Shape(from->begin(), from->begin() + axis)),
                element_count(Shape(from->begin() + axis, from->end()))};
  }
  context.set_output(0, context.input_element(0), std::move(result));
  pass_values(context);
}

// --- Squeeze, Unsqueeze ---

Dims squeezed_dims(const Dims& dims, const std::optional<std::vector<std::int64_t>>& given) {
  const auto rank = static_cast<std::int64_t>(dims.size());
  std::vector<bool> dropped(dims.size(), false);
  for (std::size_t i = 0; !given && i < dims.size(); ++i) dropped[i] = dims[i] == 1;
  for (const auto axis : given ? normalized_axes(*given, rank) : std::vector<std::int64_t>{}) {
    const auto i = static_cast<std::size_t>(axis);
    if (dims[i] != 1)
      throw Error("axis " + std::to_string(axis) + " of " + to_string(dims) +
                  " is not 1 and cannot be dropped");
    dropped[i] = true;
  }
  Dims result;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (!dropped[i]) result.push_back(dims[i]);
  return result;
}

void squeeze(KernelContext& context) {
  const Tensor& data = context.input(0);
  context.set_output(0, data.reshaped(squeezed_dims(data.dims(), attribute_or_input(context, "axes", 1))));
}

std::optional<Shape> squeezed_shape(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const Argument axes = attribute_or_input(context, "axes", 1);
  if (!from) return std::nullopt;
  std::vector<bool> dropped(from->size(), false);
  if (!axes.is_present) {
    if (!constant_dims(*from)) return std::nullopt;  // a symbol may turn out to be 1
    for (std::size_t i = 0; i < from->size(); ++i) dropped[i] = (*from)[i].value() == 1;
  } else {
    const auto numbers = axes.integers();
    const auto normal = numbers ? normalized_axes(context, *numbers, from->size()) : std::nullopt;
    if (!normal) return std::nullopt;
    for (const auto axis : *normal) {
      const auto i = static_cast<std::size_t>(axis);
      if ((*from)[i].value_or(1) != 1)
        context.report("axis " + std::to_string(axis) + " is not 1: " + to_string(*from));
      dropped[i] = true;
    }
  }
  Shape result;
  for (std::size_t i = 0; i < from->size(); ++i)
    if (!dropped[i]) result.push_back((*from)[i]);
  return result;
}

void infer_squeeze(InferenceContext& context) {
  context.set_output(0, context.input_element(0), squeezed_shape(context));
  pass_values(context);
}

/// `sizes` with ones inserted, so that they stand at `axes` (non-negative, no axis twice) of the result.
template <class Sizes>
Sizes unsqueezed(const Sizes& sizes, const std::vector<std::int64_t>& axes) {
  Sizes result(sizes.size() + axes.size(), 0);
  for (const auto axis : axes) result[static_cast<std::size_t>(axis)] = 1;
  auto next = sizes.begin();
  for (std::size_t i = 0; i < result.size(); ++i)
    if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) == axes.end()) result[i] = *next++;
  return result;
}

void unsqueeze(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto given = attribute_or_input(context, "axes", 1);
  if (!given) throw Error("Unsqueeze has no axes");
  const auto axes = normalized_axes(*given, data.rank() + static_cast<std::int64_t>(given->size()));
  context.set_output(0, data.reshaped(unsqueezed(data.dims(), axes)));
}

void infer_unsqueeze(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const auto given = attribute_or_input(context, "axes", 1).integers();
  std::optional<Shape> result;
  if (from && given) {
    auto axes = normalized_axes(context, *given, from->size() + given->size());
    if (axes) std::sort(axes->begin(), axes->end());
    if (axes && std::adjacent_find(axes->begin(), axes->end()) != axes->end())
      context.report("an axis is named twice");
    else if (axes)
      result = unsqueezed(*from, *axes);
  }
  context.set_output(0, context.input_element(0), std::move(result));
  pass_values(context);
}

// --- records ---

void register_shape_and_size(OperatorTable& table) {
  const Operator shape_1 = Operator("Shape", 1, OperatorKind::ShapeAndLayout)
                               .summary("The sizes of a tensor, as a 1-D tensor.")
                               .input("data", "T", "The tensor whose sizes are asked.")
                               .output("shape", "T1", "The sizes, [rank].")
                               .constraint("T", types::all())
                               .constraint("T1", {"tensor(int64)"})
                               .infer(infer_shape)
                               .kernel(shape)
                               .example("data = float[2, 3]{0}")
                               .cost(no_arithmetic());
  table.add_widened(shape_1, "T", {1, 13});
  table.add_widened(
      Operator(shape_1)
          .attribute("start", std::int64_t{0}, "First axis to report; negative counts from the back.")
          .optional_attribute("end", AttributeType::Int, "Axis to stop before; the rank if left out."),
      "T", {15, 19, 21, 23, 24, 25});
  table.add_widened(Operator("Size", 1, OperatorKind::ShapeAndLayout)
                        .summary("The number of elements of a tensor, as a scalar.")
                        .input("data", "T", "The tensor to count.")
                        .output("size", "T1", "A scalar.")
                        .constraint("T1", {"tensor(int64)"})
                        .infer(infer_size)
                        .kernel(size)
                        .example("data = float[2, 3]{0}")
                        .cost(no_arithmetic()),
                    "T", {1, 13, 19, 21, 23, 24, 25});
}

void register_reshape(OperatorTable& table) {
  const Operator reshape_1 =
      Operator("Reshape", 1, OperatorKind::ShapeAndLayout)
          .summary(
              "The same elements under other sizes. 0 copies the input's size, one -1 takes what is left.")
          .input("data", "T", "The tensor to reshape.")
          .output("reshaped", "T", "The same elements, in row-major order.")
          .optional_attribute("shape", AttributeType::Ints, "The new sizes.")
          .optional_attribute("consumed_inputs", AttributeType::Ints, "Without meaning today.")
          .constraint("T", types::floats())
          .infer(infer_reshape)
          .kernel(reshape)
          .example("data = float[2, 3]{1..6}; shape = [3, -1]")
          .cost(no_arithmetic());
  table.add(reshape_1);
  const Operator reshape_5 = Operator(reshape_1)
                                 .without_attribute("shape")
                                 .without_attribute("consumed_inputs")
                                 .input("shape", "tensor(int64)", "The new sizes.")
                                 .example("data = float[2, 3]{1..6}; shape = int64[2]{3, -1}");
  table.add_widened(reshape_5, "T", {5, 13});
  table.add_widened(Operator(reshape_5).attribute("allowzero", std::int64_t{0},
                                                  "If 1, a 0 is a size of zero and copies nothing."),
                    "T", {14, 19, 21, 23, 24, 25});
  const Operator flatten_1 =
      Operator("Flatten", 1, OperatorKind::ShapeAndLayout)
          .summary("A matrix: the axes before `axis` make its rows, the others its columns.")
          .input("input", "T", "The tensor to flatten.")
          .output("output", "T", "The matrix.")
          .attribute("axis", std::int64_t{1},
                     "First axis of the columns; from 11 on negative "
                     "values count from the back.")
          .constraint("T", types::floats())
          .infer(infer_flatten)
          .kernel(flatten)
          .example("input = float[2, 2, 2]{1..8}; axis = 1")
          .cost(no_arithmetic());
  table.add(flatten_1);
  table.add_widened(flatten_1, "T", {9, 11, 13, 21, 23, 24, 25});
}

/// Squeeze and Unsqueeze took `axes` as attribute before 13; negative axes came with 11.
void register_squeeze(OperatorTable& table) {
  const Operator squeeze_1 = Operator("Squeeze", 1, OperatorKind::ShapeAndLayout)
                                 .summary("Drops axes of size 1: those named, or all.")
                                 .input("data", "T", "The tensor to change.")
                                 .output("squeezed", "T", "The tensor without those axes.")
                                 .optional_attribute("axes", AttributeType::Ints, "Axes to drop.")
                                 .infer(infer_squeeze)
                                 .kernel(squeeze)
                                 .example("data = float[1, 3]{1..3}; axes = [0]")
                                 .cost(no_arithmetic());
  table.add_widened(squeeze_1, "T", {1, 11});
  table.add_widened(Operator(squeeze_1)
                        .without_attribute("axes")
                        .optional_input("axes", "tensor(int64)", "Axes to drop.")
                        .example("data = float[1, 3]{1..3}; axes = int64[1]{0}"),
                    "T", {13, 21, 23, 24, 25});
  const Operator unsqueeze_1 =
      Operator("Unsqueeze", 1, OperatorKind::ShapeAndLayout)
          .summary("Inserts axes of size 1.")
          .input("data", "T", "The tensor to change.")
          .output("expanded", "T", "The tensor with the new axes.")
          .required_attribute("axes", AttributeType::Ints, "Where the new axes stand in the output.")
          .infer(infer_unsqueeze)
          .kernel(unsqueeze)
          .example("data = float[3]{1..3}; axes = [0]")
          .cost(no_arithmetic());
  table.add_widened(unsqueeze_1, "T", {1, 11});
  table.add_widened(Operator(unsqueeze_1)
                        .without_attribute("axes")
                        .input("axes", "tensor(int64)", "Where the new axes stand in the output.")
                        .example("data = float[3]{1..3}; axes = int64[1]{0}"),
                    "T", {13, 21, 23, 24, 25});
}

}  // namespace

void register_shape(OperatorTable& table) {
  register_shape_and_size(table);
  register_reshape(table);
  register_squeeze(table);
  table.note_change("Squeeze", 11, negative_axes_count);
  table.note_change("Unsqueeze", 11, negative_axes_count);
  table.note_change("Flatten", 11, negative_axes_count);
}

}  // namespace lapidary
