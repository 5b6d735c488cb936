// Joining and cutting along an axis: Concat, Split.

#include <algorithm>
#include <numeric>

#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- Concat ---

void concat(KernelContext& context) {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < context.input_count(); ++i) parts.push_back(context.input(i));
  if (parts.empty()) throw Error("Concat has no input");
  // Concat-1 had a default of 1; later versions require the attribute.
  const auto axis = KernelContext::normalized_axis(context.integer("axis", 1), parts.front().rank());
  context.set_output(0, concatenated(parts, axis));
}

/// The size that all inputs share where they are not joined; a number or symbol wins over an unknown.
void merge(InferenceContext& context, Dimension& known, const Dimension& other) {
  if (known.is_constant() && other.is_constant() && known.value() != other.value())
    context.report("sizes " + known.to_string() + " and " + other.to_string() +
                   " differ where tensors are joined");
  else if (!known.is_known() || other.is_constant())
    known = other;
}

std::optional<Shape> joined_shape(InferenceContext& context) {
  std::optional<Shape> result;
  std::optional<std::int64_t> axis;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const auto& shape = context.input_shape(i);
    if (!shape) return std::nullopt;
    if (!result) {
      axis = normalized_axis(context, context.integer("axis", 1), shape->size());
      if (!axis) return std::nullopt;
      result = *shape;
      continue;
    }
    if (shape->size() != result->size()) {
      context.report("tensors of rank " + std::to_string(result->size()) + " and " +
                     std::to_string(shape->size()) + " cannot be joined");
      return std::nullopt;
    }
    for (std::size_t d = 0; d < shape->size(); ++d)
      if (d == static_cast<std::size_t>(*axis))
        (*result)[d] = (*result)[d] + (*shape)[d];
      else
        merge(context, (*result)[d], (*shape)[d]);
  }
  return result;
}

/// The values of all inputs one after the other, with unknowns where only the count is known.
void join_values(InferenceContext& context) {
  std::vector<Dimension> values;
  bool any = false;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const auto& shape = context.input_shape(i);
    if (auto part = known_values(context, i)) {
      any = true;
      values.insert(values.end(), part->begin(), part->end());
    } else if (shape && shape->size() == 1 && (*shape)[0].is_constant() && (*shape)[0].value() <= 64) {
      values.resize(values.size() + static_cast<std::size_t>((*shape)[0].value()));
    } else {
      return;
    }
  }
  if (any) context.set_output_values(0, std::move(values));
}

void infer_concat(InferenceContext& context) {
  auto result = joined_shape(context);
  if (result && result->size() == 1 && is_integer(context.input_element(0))) join_values(context);
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- Split ---

/// Equal parts. From Split-18 on the last may be smaller; before, the size must divide.
Dims equal_parts(std::int64_t size, std::int64_t count, bool last_may_be_smaller) {
  if (count <= 0) throw Error("Split needs at least one output");
  const std::int64_t part = (size + count - 1) / count;
  const std::int64_t last = size - part * (count - 1);
  if (last < 0 || (last != part && !last_may_be_smaller))
    throw Error("a size of " + std::to_string(size) + " cannot be split into " + std::to_string(count) +
                " parts");
  Dims parts(static_cast<std::size_t>(count), part);
  parts.back() = last;
  return parts;
}

void split(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto axis = KernelContext::normalized_axis(context.integer("axis", 0), data.rank());
  const std::int64_t size = data.dims()[static_cast<std::size_t>(axis)];
  const auto outputs = static_cast<std::int64_t>(context.output_count());
  const auto given = attribute_or_input(context, "split", 1);
  const auto count = context.integer("num_outputs", outputs);
  if (count != outputs)
    throw Error("num_outputs is " + std::to_string(count) + " and there are " + std::to_string(outputs));
  const Dims parts = given ? *given : equal_parts(size, count, context.version() >= 18);
  std::int64_t sum = 0;
  for (const auto part : parts) {
    if (part < 0) throw Error("a part is negative: " + to_string(parts));
    sum = checked_sum(sum, part);
  }
  if (sum != size || static_cast<std::int64_t>(parts.size()) != outputs)
    throw Error("a size of " + std::to_string(size) + " cannot be split into " + std::to_string(outputs) +
                " outputs of " + to_string(parts));
  std::int64_t start = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (context.wants_output(i)) context.set_output(i, section(data, axis, start, parts[i]));
    start += parts[i];
  }
}

/// Sizes of the parts as far as they are known.
std::vector<Dimension> part_sizes(InferenceContext& context, const Dimension& size) {
  const std::size_t count = context.output_count();
  const Argument given = attribute_or_input(context, "split", 1);
  if (given.values && given.values->size() == count) return *given.values;
  if (given.values)
    context.report(std::to_string(given.values->size()) + " parts are given for " + std::to_string(count) +
                   " outputs");
  std::vector<Dimension> parts(count);
  if (given.is_present || count == 0) return parts;
  const Dimension all(static_cast<std::int64_t>(count));
  const Dimension part = size.is_constant() ? ceil_div(size, all) : floor_div(size, all);
  std::fill(parts.begin(), parts.end(), part);
  if (size.is_constant()) parts.back() = size - part * Dimension(static_cast<std::int64_t>(count) - 1);
  if (size.is_constant() && (parts.back().value() < 0 || (context.version() < 18 && !(parts.back() == part))))
    context.report("a size of " + size.to_string() + " cannot be split into " + std::to_string(count) +
                   " parts");
  return parts;
}

void split_values(InferenceContext& context, const std::vector<Dimension>& parts) {
  const auto values = known_values(context, 0);
  if (!values) return;
  std::size_t start = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto count = parts[i].value_or(-1);
    if (count < 0 || start + static_cast<std::size_t>(count) > values->size()) return;
    const auto first = values->begin() + static_cast<std::ptrdiff_t>(start);
    context.set_output_values(i, std::vector<Dimension>(first, first + count));
    start += static_cast<std::size_t>(count);
  }
}

void infer_split(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const auto axis = from ? normalized_axis(context, context.integer("axis", 0), from->size()) : std::nullopt;
  for (std::size_t i = 0; i < context.output_count(); ++i)
    context.set_output(i, context.input_element(0), std::nullopt);
  if (!axis) return;
  const auto a = static_cast<std::size_t>(*axis);
  const auto parts = part_sizes(context, (*from)[a]);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Shape shape = *from;
    shape[a] = checked_size(context, parts[i]);
    context.set_output(i, context.input_element(0), std::move(shape));
  }
  if (from->size() == 1) split_values(context, parts);
}

// --- records ---

/// Concat-1 took floats only and joined along axis 1 unless told otherwise.
void register_joining(OperatorTable& table) {
  const Operator concat_1 = Operator("Concat", 1, OperatorKind::ShapeAndLayout)
                                .summary("Tensors one after the other along an axis.")
                                .variadic_input("inputs", "T", "Of equal sizes except along the axis.")
                                .output("concat_result", "T", "All of them, one after the other.")
                                .attribute("axis", std::int64_t{1}, "Axis to join along.")
                                .constraint("T", types::floats())
                                .infer(infer_concat)
                                .kernel(concat)
                                .example("first = float[2, 2]{1..4}; second = float[1, 2]{5, 6}; axis = 0")
                                .cost(no_arithmetic());
  table.add(concat_1);
  table.add_widened(
      Operator(concat_1).required_attribute(
          "axis", AttributeType::Int, "Axis to join along; from 11 on negative values count from the back."),
      "T", {4, 11, 13});
}

/// Split-1 and 2 take the sizes of the parts as attribute, 13 as input; 18 adds `num_outputs`.
void register_cutting(OperatorTable& table) {
  const Operator split_2 =
      Operator("Split", 2, OperatorKind::ShapeAndLayout)
          .summary("Cuts a tensor along an axis, into equal parts or parts of given sizes.")
          .input("input", "T", "The tensor to cut.")
          .variadic_output("outputs", "T", "The parts, in order; all sizes but the axis's are the input's.")
          .attribute("axis", std::int64_t{0}, "Axis to cut.")
          .optional_attribute("split", AttributeType::Ints, "Sizes of the parts.")
          .infer(infer_split)
          .kernel(split)
          .example("input = float[4]{1..4} -> first, second")
          .cost(no_arithmetic());
  table.add(
      split_2.at(1).optional_input("split", "T", "Sizes of the parts.").constraint("T", types::floats()));
  table.add_widened(split_2, "T", {2, 11});
  const Operator split_13 = Operator(split_2).without_attribute("split").optional_input(
      "split", "tensor(int64)", "Sizes of the parts.");
  table.add_widened(split_13, "T", {13});
  table.add_widened(Operator(split_13)
                        .optional_attribute("num_outputs", AttributeType::Int,
                                            "Number of equal parts; the last may be smaller.")
                        .example("input = float[5]{1..5}; num_outputs = 2 -> first, second"),
                    "T", {18});
}

}  // namespace

void register_concat(OperatorTable& table) {
  register_joining(table);
  register_cutting(table);
  table.note_change("Concat", 11, negative_axes_count);
  table.note_change("Split", 11, negative_axes_count);
}

}  // namespace lapidary
