// Elements by index: Gather, GatherElements, GatherND, Compress, OneHot.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/index.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- Gather ---

void gather(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  const auto axis =
      static_cast<std::size_t>(KernelContext::normalized_axis(context.integer("axis", 0), data.rank()));
  auto numbers = values_as<std::int64_t>(indices);
  for (auto& index : numbers) index = checked_index(index, data.dims()[axis]);
  Dims dims(data.dims().begin(), data.dims().begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), indices.dims().begin(), indices.dims().end());
  dims.insert(dims.end(), data.dims().begin() + static_cast<std::ptrdiff_t>(axis) + 1, data.dims().end());
  Tensor& output = context.output(0, data.type(), std::move(dims));
  if (output.size() == 0) return;
  const std::int64_t outer = count_between(data.dims(), 0, axis);
  const std::int64_t inner = count_between(data.dims(), axis + 1, data.dims().size());
  const std::int64_t row = inner * data.dims()[axis];
  dispatch_by_size(data.type(), [&]<class T>() {
    const T* from = elements<T>(data);
    T* to = mutable_elements<T>(output);
    for (std::int64_t i = 0; i < outer; ++i, from += row)
      for (const auto index : numbers) to = std::copy_n(from + index * inner, inner, to);
  });
}

void gather_values(InferenceContext& context) {
  const auto values = known_values(context, 0);
  const auto indices = known_integers(context, 1);
  if (!values || !indices || !context.input_shape(0) || context.input_shape(0)->size() != 1) return;
  const auto size = static_cast<std::int64_t>(values->size());
  std::vector<Dimension> taken;
  for (const auto index : *indices) {
    const std::int64_t place = index < 0 ? index + size : index;
    if (place < 0 || place >= size)
      return context.report("index " + std::to_string(index) + " is outside an axis of " +
                            std::to_string(size));
    taken.push_back((*values)[static_cast<std::size_t>(place)]);
  }
  context.set_output_values(0, std::move(taken));
}

void infer_gather(InferenceContext& context) {
  const auto &data = context.input_shape(0), &indices = context.input_shape(1);
  std::optional<Shape> result;
  const auto axis = data ? normalized_axis(context, context.integer("axis", 0), data->size()) : std::nullopt;
  if (axis && indices) {
    result.emplace(data->begin(), data->begin() + *axis);
    result->insert(result->end(), indices->begin(), indices->end());
    result->insert(result->end(), data->begin() + *axis + 1, data->end());
    gather_values(context);
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- GatherElements ---

void gather_elements(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  const auto places = element_places(data.dims(), indices, context.integer("axis", 0));
  Tensor& output = context.output(0, data.type(), indices.dims());
  dispatch_by_size(data.type(), [&]<class T>() {
    T* to = mutable_elements<T>(output);
    for (const auto place : places) *to++ = elements<T>(data)[place];
  });
}

void infer_gather_elements(InferenceContext& context) {
  context.set_output(0, context.input_element(0), context.input_shape(1));
}

// --- GatherND ---

void gather_nd(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  const SlicePlaces found = slice_places(data.dims(), indices, context.integer("batch_dims", 0));
  Dims dims(indices.dims().begin(), indices.dims().end() - 1);
  dims.insert(dims.end(), data.dims().end() - static_cast<std::ptrdiff_t>(found.slice_rank),
              data.dims().end());
  Tensor& output = context.output(0, data.type(), std::move(dims));
  if (output.size() == 0) return;
  dispatch_by_size(data.type(), [&]<class T>() {
    T* to = mutable_elements<T>(output);
    for (const auto place : found.places) to = std::copy_n(elements<T>(data) + place, found.slice_size, to);
  });
}

void infer_gather_nd(InferenceContext& context) {
  const auto &data = context.input_shape(0), &indices = context.input_shape(1);
  std::optional<Shape> result;
  if (data && indices && !indices->empty() && indices->back().is_constant()) {
    const auto rank = static_cast<std::int64_t>(data->size());
    const std::int64_t batch = context.integer("batch_dims", 0), width = indices->back().value();
    if (batch < 0 || batch > rank || width < 0 || width > rank - batch) {
      context.report("indices name more axes than " + to_string(*data) + " has");
    } else {
      result.emplace(indices->begin(), indices->end() - 1);
      result->insert(result->end(), data->begin() + batch + width, data->end());
    }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- Compress ---

void compress(KernelContext& context) {
  const bool flat = !context.has_attribute("axis");
  const Tensor data = flat ? context.input(0).reshaped({context.input(0).size()}) : context.input(0);
  const Tensor& condition = context.input(1);
  const auto axis = KernelContext::normalized_axis(context.integer("axis", 0), data.rank());
  const std::int64_t size = data.dims()[static_cast<std::size_t>(axis)];
  std::vector<Tensor> parts{section(data, axis, 0, 0)};
  if (condition.type() != DataType::Bool) throw Error("the condition of Compress must be bool");
  const bool* keep = condition.data<bool>();
  const std::int64_t count = std::min(size, condition.size());  // a shorter condition ends early
  for (std::int64_t i = 0; i < count;) {
    std::int64_t end = i;
    while (end < count && keep[end]) ++end;
    if (end > i) parts.push_back(section(data, axis, i, end - i));
    i = std::max(end, i + 1);
  }
  context.set_output(0, concatenated(parts, axis));
}

void infer_compress(InferenceContext& context) {
  std::optional<Shape> result = unknown_shape(1);
  if (context.has_attribute("axis")) {
    result = context.input_shape(0);
    const auto axis =
        result ? normalized_axis(context, context.integer("axis", 0), result->size()) : std::nullopt;
    if (axis) (*result)[static_cast<std::size_t>(*axis)] = Dimension::unknown();
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- OneHot ---

void one_hot(KernelContext& context) {
  const Tensor& indices = context.input(0);
  const Tensor& values = context.input(2);
  const std::int64_t depth = single_integer(context, 1);
  if (depth < 0) throw Error("the depth of OneHot is negative");
  if (values.size() != 2) throw Error("values of OneHot must be [off, on]");
  const auto axis = KernelContext::normalized_axis(context.integer("axis", -1), indices.rank() + 1);
  Dims dims = indices.dims();
  dims.insert(dims.begin() + axis, depth);
  Tensor& output = context.output(0, values.type(), dims);
  const std::int64_t inner =
      count_between(indices.dims(), static_cast<std::size_t>(axis), indices.dims().size());
  const auto numbers = values_as<std::int64_t>(indices);
  dispatch_by_size(values.type(), [&]<class T>() {
    T* to = mutable_elements<T>(output);
    std::fill_n(to, output.size(), elements<T>(values)[0]);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      // An index outside [-depth, depth) leaves its row off; before version 11 negative ones lie outside too.
      const bool from_the_end = numbers[i] < 0 && context.version() >= 11;
      const std::int64_t index = from_the_end ? numbers[i] + depth : numbers[i];
      const auto place = static_cast<std::int64_t>(i);
      if (index >= 0 && index < depth)
        to[(place / inner * depth + index) * inner + place % inner] = elements<T>(values)[1];
    }
  });
}

void infer_one_hot(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  if (result) {
    const auto axis = normalized_axis(context, context.integer("axis", -1), result->size() + 1);
    const Tensor* constant = context.input_constant(1);
    const auto depth = known_values(context, 1);
    Dimension size = depth && depth->size() == 1 ? (*depth)[0] : Dimension::unknown();
    if (constant && constant->size() == 1 && !constant->is_string())
      size = values_as<std::int64_t>(*constant)[0];
    if (axis)
      result->insert(result->begin() + *axis, size);
    else
      result.reset();
  }
  context.set_output(0, context.input_element(2), std::move(result));
}

// --- records ---

void register_gathering(OperatorTable& table) {
  const auto index_types = types::tensors({"int32", "int64"});
  table.add_widened(
      Operator("Gather", 1, OperatorKind::ShapeAndLayout)
          .summary("Entries of one axis picked by index; the indices' own sizes take the axis's place.")
          .input("data", "T", "What is picked from.")
          .input("indices", "Tind", "Which entries; from 11 on negative ones count from the back.")
          .output("output", "T", "The entries, [axes before, indices' axes, axes after].")
          .attribute("axis", std::int64_t{0}, "Axis to pick from.")
          .constraint("Tind", index_types)
          .infer(infer_gather)
          .kernel(gather)
          .example("data = float[3, 2]{1..6}; indices = int64[2]{2, 0}")
          .cost(no_arithmetic()),
      "T", {1, 11, 13});
  table.add_widened(
      Operator("GatherElements", 11, OperatorKind::ShapeAndLayout)
          .summary("For each index one element, whose place differs from the index's own only along `axis`.")
          .input("data", "T", "What is picked from.")
          .input("indices", "Tind", "Positions along the axis, of the same rank as the data.")
          .output("output", "T", "One element for each index, of the sizes of `indices`.")
          .attribute("axis", std::int64_t{0}, "Axis to pick from.")
          .constraint("Tind", index_types)
          .infer(infer_gather_elements)
          .kernel(gather_elements)
          .example("data = float[2, 2]{1..4}; indices = int64[2, 2]{0, 0, 1, 0}; axis = 1")
          .cost(no_arithmetic()),
      "T", {11, 13});
  const Operator gather_nd_11 =
      Operator("GatherND", 11, OperatorKind::ShapeAndLayout)
          .summary("Slices picked by index tuples, which stand along the last axis of `indices`.")
          .input("data", "T", "What is picked from.")
          .input("indices", "tensor(int64)", "Tuples over the leading axes, [..., K].")
          .output("output", "T", "One slice for each tuple.")
          .constraint("T", types::all())
          .infer(infer_gather_nd)
          .kernel(gather_nd)
          .example("data = float[2, 2]{1..4}; indices = int64[2, 2]{0, 0, 1, 1}")
          .cost(no_arithmetic());
  table.add(gather_nd_11);
  table.add_widened(
      Operator(gather_nd_11)
          .attribute("batch_dims", std::int64_t{0}, "Leading axes that data and indices share."),
      "T", {12, 13});
}

}  // namespace

void register_gather(OperatorTable& table) {
  register_gathering(table);
  const Operator compress_9 =
      Operator("Compress", 9, OperatorKind::ShapeAndLayout)
          .summary("Entries of an axis, or of the flattened tensor, where a condition holds.")
          .input("input", "T", "What is picked from.")
          .input("condition", "T1", "Which entries to keep; may be shorter than the axis.")
          .output("output", "T", "The entries that were kept.")
          .optional_attribute("axis", AttributeType::Int,
                              "Axis to pick from; the tensor is flattened if left out.")
          .constraint("T", types::all())
          .constraint("T1", {"tensor(bool)"})
          .infer(infer_compress)
          .kernel(compress)
          .example("input = float[3, 2]{1..6}; condition = bool[3]{false, true, true}; axis = 0")
          .cost(unknown_cost());
  table.add(compress_9);
  table.add(compress_9.at(11));
  const Operator one_hot_9 =
      Operator("OneHot", 9, OperatorKind::ShapeAndLayout)
          .summary("A new axis of length `depth` that is on at each index and off elsewhere.")
          .input("indices", "T1", "Where to be on; out of range leaves all off.")
          .input("depth", "T2", "Length of the new axis, one number.")
          .input("values", "T3", "[off, on].")
          .output("output", "T3", "Of the rank of `indices` and one more.")
          .attribute("axis", std::int64_t{-1}, "Where the new axis stands in the output.")
          .constraint("T1", types::numbers())
          .constraint("T2", types::numbers())
          .constraint("T3", types::all())
          .infer(infer_one_hot)
          .kernel(one_hot)
          .example("indices = int64[3]{0, 2, 1}; depth = int64{3}; values = float[2]{0, 1}")
          .cost(no_arithmetic());
  table.add(one_hot_9);
  table.add(one_hot_9.at(11));
  table.note_change("Gather", 11, "negative axes and indices count from the end");
  table.note_change("Compress", 11, negative_axes_count);
  table.note_change("OneHot", 11, "negative axes and indices count from the end");
}

}  // namespace lapidary
