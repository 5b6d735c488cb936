// Parts of a tensor by position: Slice, Trilu.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- Slice ---

/// What is taken of one axis: `count` indices from `start` on in steps of `step`.
struct Range {
  std::int64_t start = 0, count = 0, step = 1;
};

/// Python's rule: negative bounds count from the back, then both are cut to what the axis has.
Range sliced_range(std::int64_t size, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (start < 0) start += size;
  if (end < 0) end += size;
  if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, size);
    end = std::clamp<std::int64_t>(end, 0, size);
  } else {
    start = std::clamp<std::int64_t>(start, -1, size - 1);
    end = std::clamp<std::int64_t>(end, -1, size - 1);
  }
  const std::int64_t distance = step > 0 ? end - start : start - end;
  if (distance <= 0) return {0, 0, 1};
  if (step >= distance || step <= -distance)
    return {start, 1, 1};  // also keeps extreme steps out of the arithmetic
  return {start, (distance - 1) / (step > 0 ? step : -step) + 1, step};
}

void check_lengths(std::size_t starts, std::size_t ends, std::size_t axes, std::size_t steps) {
  if (starts != ends || starts != axes || starts != steps)
    throw Error("starts, ends, axes and steps of Slice have different lengths");
}

/// Slice-1 has attributes, Slice-10 and later inputs and steps.
void slice(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto starts = attribute_or_input(context, "starts", 1), ends = attribute_or_input(context, "ends", 2);
  if (!starts || !ends) throw Error("Slice has no starts or no ends");
  const auto axes =
      normalized_axes(attribute_or_input(context, "axes", 3).value_or(all_axes(starts->size())), data.rank());
  const auto steps = context.optional_integers(4).value_or(std::vector<std::int64_t>(starts->size(), 1));
  check_lengths(starts->size(), ends->size(), axes.size(), steps.size());
  Dims dims = data.dims(), strides = row_major_strides(data.dims());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (steps[i] == 0) throw Error("a step of Slice is 0");
    const auto axis = static_cast<std::size_t>(axes[i]);
    const Range range = sliced_range(dims[axis], (*starts)[i], (*ends)[i], steps[i]);
    offset += range.start * strides[axis];
    dims[axis] = range.count;
    strides[axis] *= range.step;
  }
  if (dims == data.dims() && offset == 0)
    context.set_output(0, data);
  else
    context.set_output(0, strided_copy(data, std::move(dims), offset, strides));
}

/// Bounds at or beyond this mean "to the end", as exporters write it.
constexpr std::int64_t beyond_all = INT32_MAX;

bool is_negative(const Dimension& bound) {
  // An expression's sign is judged with large sizes for its symbols: N - 1 is positive, -N is not.
  return bound.substitute([](const std::string&) { return std::int64_t{1000003}; }).value_or(0) < 0;
}

/// A bound of a forward slice as a position in an axis of `size`. Symbolic bounds are taken to lie inside.
Dimension position(const Dimension& bound, const Dimension& size) {
  if (!bound.is_known() || !size.is_known()) return Dimension::unknown();
  if (!bound.is_constant()) return is_negative(bound) ? size + bound : bound;
  if (bound.value() >= beyond_all) return size;
  if (bound.value() <= -beyond_all) return 0;
  if (bound.value() >= 0) return bound.value() <= 1 ? bound : min(bound, size);
  return bound.value() == -1 ? size - 1 : max(size + bound, 0);
}

Dimension sliced_size(const Dimension& size, const Dimension& start, const Dimension& end,
                      std::int64_t step) {
  if (step == 0 || step <= -beyond_all) return Dimension::unknown();
  if (size.is_constant() && start.is_constant() && end.is_constant())
    return sliced_range(size.value(), start.value(), end.value(), step).count;
  if (step < 0) {  // only the full reversal is common enough
    const bool whole = start.value_or(0) == -1 || start.value_or(0) >= beyond_all;
    return whole && end.value_or(0) <= -beyond_all ? ceil_div(size, -step) : Dimension::unknown();
  }
  // The last k of an axis, seldom of one that is shorter.
  if (start.value_or(0) < 0 && end.value_or(0) >= beyond_all && start.value_or(0) > -beyond_all)
    return ceil_div(start.value() == -1 ? Dimension(1) : min(size, Dimension(-start.value())), step);
  const Dimension length = position(end, size) - position(start, size);
  if (length.is_constant()) return ceil_div(Dimension(std::max<std::int64_t>(length.value(), 0)), step);
  return ceil_div(length, step);
}

struct SliceArguments {
  std::vector<Dimension> starts, ends;
  std::vector<std::int64_t> axes, steps;
};

/// The arguments as far as they are known; nothing if the axes are not.
std::optional<SliceArguments> slice_arguments(InferenceContext& context, std::size_t rank) {
  const Argument starts = attribute_or_input(context, "starts", 1),
                 ends = attribute_or_input(context, "ends", 2);
  const Argument axes = attribute_or_input(context, "axes", 3);
  const Argument steps = context.has_input(4) ? Argument{true, known_values(context, 4)} : Argument{};
  if (axes.is_present && !axes.integers()) return std::nullopt;
  std::size_t count = 0;
  if (axes.is_present)
    count = axes.values->size();
  else if (starts.values || ends.values)
    count = (starts.values ? starts : ends).values->size();
  else
    return std::nullopt;
  const auto normal = normalized_axes(context, axes.is_present ? *axes.integers() : all_axes(count), rank);
  if (!normal) return std::nullopt;
  SliceArguments result{
      starts.values.value_or(unknown_shape(count)), ends.values.value_or(unknown_shape(count)), *normal, {}};
  result.steps.assign(count, 1);
  for (std::size_t i = 0; steps.is_present && i < count; ++i)
    result.steps[i] = steps.values && i < steps.values->size() ? (*steps.values)[i].value_or(0) : 0;
  if (result.starts.size() != count || result.ends.size() != count) {
    context.report("starts, ends and axes of Slice have different lengths");
    return std::nullopt;
  }
  return result;
}

void slice_values(InferenceContext& context, const SliceArguments& arguments) {
  const auto values = known_values(context, 0);
  if (!values || arguments.axes.size() != 1 || arguments.steps[0] == 0) return;
  if (!arguments.starts[0].is_constant() || !arguments.ends[0].is_constant()) return;
  const Range range = sliced_range(static_cast<std::int64_t>(values->size()), arguments.starts[0].value(),
                                   arguments.ends[0].value(), arguments.steps[0]);
  std::vector<Dimension> taken;
  for (std::int64_t i = 0; i < range.count; ++i)
    taken.push_back((*values)[static_cast<std::size_t>(range.start + i * range.step)]);
  context.set_output_values(0, std::move(taken));
}

void infer_slice(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  if (result) {
    const auto arguments = slice_arguments(context, result->size());
    if (!arguments) {
      result = unknown_shape(result->size());
    } else {
      for (std::size_t i = 0; i < arguments->axes.size(); ++i) {
        Dimension& size = (*result)[static_cast<std::size_t>(arguments->axes[i])];
        size = sliced_size(size, arguments->starts[i], arguments->ends[i], arguments->steps[i]);
      }
      if (result->size() == 1) slice_values(context, *arguments);
    }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- Trilu ---

void trilu(KernelContext& context) {
  const Tensor& data = context.input(0);
  if (data.rank() < 2) throw Error("Trilu needs a matrix or a batch of matrices");
  const bool upper = context.integer("upper", 1) != 0;
  const std::int64_t rows = data.dims()[data.dims().size() - 2], columns = data.dims().back();
  const std::int64_t diagonal =
      context.has_input(1) ? std::clamp(single_integer(context, 1), -rows - 1, columns + 1) : 0;
  Tensor& output = context.output(0, data.type(), data.dims());
  if (output.size() == 0) return;
  dispatch_by_size(data.type(), [&]<class T>() {
    const T* from = elements<T>(data);
    T* to = mutable_elements<T>(output);
    for (std::int64_t row = 0, count = data.size() / columns; row < count;
         ++row, from += columns, to += columns) {
      // Columns before `border` lie below the diagonal, or on it where the lower part is wanted.
      const std::int64_t border =
          std::clamp<std::int64_t>(row % rows + diagonal + (upper ? 0 : 1), 0, columns);
      std::fill(to + (upper ? 0 : border), to + (upper ? border : columns), T{});
      std::copy(from + (upper ? border : 0), from + (upper ? columns : border), to + (upper ? border : 0));
    }
  });
}

}  // namespace

/// Slice-1 has its bounds as attributes; 10 makes them inputs and adds steps; 11 allows negative axes.
void register_slice(OperatorTable& table) {
  const Operator slice_1 =
      Operator("Slice", 1, OperatorKind::ShapeAndLayout)
          .summary("A part of a tensor: a range of each named axis, as in Python's slices.")
          .input("data", "T", "The tensor to cut.")
          .output("output", "T", "The part.")
          .required_attribute("starts", AttributeType::Ints, "First index of each axis.")
          .required_attribute("ends", AttributeType::Ints, "Index to stop before.")
          .optional_attribute("axes", AttributeType::Ints, "Axes to cut; the first ones if left out.")
          .constraint("T", types::all())
          .infer(infer_slice)
          .kernel(slice)
          .example("data = float[2, 3]{1..6}; starts = [1]; ends = [3]; axes = [1]")
          .cost(no_arithmetic());
  table.add(slice_1);
  table.add_widened(
      Operator(slice_1)
          .without_attribute("starts")
          .without_attribute("ends")
          .without_attribute("axes")
          .example("data = float[2, 3]{1..6}; starts = int64[1]{1}; ends = int64[1]{3}; axes = int64[1]{1}")
          .input("starts", "Tind", "First index of each axis; negative counts from the back.")
          .input("ends", "Tind", "Index to stop before; large numbers mean the end.")
          .optional_input("axes", "Tind", "Axes to cut; the first ones if left out.")
          .optional_input("steps", "Tind",
                          "Distance between indices, negative to go backwards; 1 if left out.")
          .constraint("Tind", types::tensors({"int32", "int64"})),
      "T", {10, 11, 13});
  table.add(Operator("Trilu", 14, OperatorKind::ShapeAndLayout)
                .summary("The upper or lower triangle of each matrix [..., N, M]; the rest becomes zero.")
                .input("input", "T", "The matrices.")
                .optional_input("k", "tensor(int64)",
                                "Diagonal that bounds the triangle: 0 is the main one, positive above it.")
                .output("output", "T", "The triangles, of the same sizes.")
                .attribute("upper", std::int64_t{1}, "1 keeps the upper triangle, 0 the lower.")
                .constraint("T", types::all_and_bfloat16())
                .infer(same_as_input)
                .kernel(trilu)
                .example("input = float[3, 3]{1..9}; upper = 0")
                .cost(no_arithmetic()));
  table.note_change("Slice", 11, negative_axes_count);
}

}  // namespace lapidary
