// Larger tensors from little: Expand, Tile, Range.

#include <cmath>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- Expand ---

void expand(KernelContext& context) {
  const Tensor& input = context.input(0);
  const Dims wanted = context.integers(1);
  for (const auto size : wanted)
    if (size < 0) throw Error("a size to expand to is negative: " + to_string(wanted));
  const Dims dims = broadcast_dims(input.dims(), wanted);
  context.set_output(0, strided_copy(input, dims, 0, broadcast_strides(input.dims(), dims)));
}

void infer_expand(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const auto wanted = known_values(context, 1);
  std::optional<Shape> result;
  if (from && wanted) {
    Shape sizes;
    for (const auto& size : *wanted) sizes.push_back(checked_size(context, size));
    result = broadcast(context, {from, sizes});
  } else if (from && context.input_shape(1) && context.input_shape(1)->size() == 1) {
    const auto rank = (*context.input_shape(1))[0].value_or(-1);
    if (rank >= 0 && rank <= 64)
      result = unknown_shape(std::max(from->size(), static_cast<std::size_t>(rank)));
  }
  const auto values = known_values(context, 0);
  if (values && values->size() == 1 && result && result->size() == 1) {
    const auto count = (*result)[0].value_or(0);
    if (count > 0 && count <= 64)
      context.set_output_values(0, std::vector<Dimension>(static_cast<std::size_t>(count), values->front()));
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- Tile ---

/// Tile-1 repeats along one axis, named by scalar inputs `tiles` and `axis`.
Dims repeats_before_6(const KernelContext& context) {
  Dims repeats(context.input(0).dims().size(), 1);
  const auto axis = KernelContext::normalized_axis(single_integer(context, 2), context.input(0).rank());
  repeats[static_cast<std::size_t>(axis)] = single_integer(context, 1);
  return repeats;
}

void tile(KernelContext& context) {
  const Tensor& input = context.input(0);
  const Dims repeats = context.version() < 6 ? repeats_before_6(context) : context.integers(1);
  if (repeats.size() != input.dims().size())
    throw Error(std::to_string(repeats.size()) + " repeats are given for a tensor of rank " +
                std::to_string(input.rank()));
  // Read as [repeat 0, size 0, repeat 1, size 1, …], where going along a repeat does not move in the input.
  const Dims dense = row_major_strides(input.dims());
  Dims dims, pairs, strides;
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 0) throw Error("a repeat is negative: " + to_string(repeats));
    dims.push_back(checked_product(input.dims()[i], repeats[i]));
    pairs.insert(pairs.end(), {repeats[i], input.dims()[i]});
    strides.insert(strides.end(), {0, dense[i]});
  }
  context.set_output(0, strided_copy(input, std::move(pairs), 0, strides).reshaped(std::move(dims)));
}

void infer_tile(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const auto repeats = context.version() < 6 ? std::nullopt : known_values(context, 1);
  std::optional<Shape> result;
  if (from) {
    result = unknown_shape(from->size());
    if (repeats && repeats->size() == from->size())
      for (std::size_t i = 0; i < from->size(); ++i)
        (*result)[i] = checked_size(context, (*from)[i] * (*repeats)[i]);
    else if (repeats)
      context.report(std::to_string(repeats->size()) + " repeats are given for a tensor of rank " +
                     std::to_string(from->size()));
  }
  const auto values = known_values(context, 0);
  if (values && repeats && repeats->size() == 1) {
    const auto count = (*repeats)[0].value_or(0);
    std::vector<Dimension> tiled;
    if (count > 0 && count <= 64 && count * static_cast<std::int64_t>(values->size()) <= 64) {
      for (std::int64_t i = 0; i < count; ++i) tiled.insert(tiled.end(), values->begin(), values->end());
      context.set_output_values(0, std::move(tiled));
    }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- Range ---

/// max(ceil((limit - start) / delta), 0), exact for integers.
template <class T>
std::int64_t range_count(T start, T limit, T delta) {
  if (delta == T(0)) throw Error("Range has a delta of 0");
  if constexpr (std::is_integral_v<T>) {
    const __int128 distance = static_cast<__int128>(limit) - start, step = delta;
    if ((distance > 0) != (step > 0)) return 0;
    const __int128 count = (distance + step + (step > 0 ? -1 : 1)) / step;
    if (count > INT64_MAX) throw Error("Range has too many elements");
    return static_cast<std::int64_t>(count);
  } else {
    const double count =
        std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
    if (std::isnan(count) || count > 0x1p62)
      throw Error("Range has too many elements, or its bounds are no numbers");
    return count > 0 ? static_cast<std::int64_t>(count) : 0;
  }
}

/// start + index · delta.
template <class T>
T range_element(ComputeType<T> start, std::int64_t index, ComputeType<T> delta) {
  if constexpr (std::is_integral_v<T>)  // unsigned, since the product may leave the type where the sum does
                                        // not
    return static_cast<T>(static_cast<std::uint64_t>(start) +
                          static_cast<std::uint64_t>(index) * static_cast<std::uint64_t>(delta));
  else
    return static_cast<T>(start + static_cast<ComputeType<T>>(index) * delta);
}

using RangeTypes = TypeList<float, double, Float16, BFloat16, std::int16_t, std::int32_t, std::int64_t>;

void range(KernelContext& context) {
  for (std::size_t i = 0; i < 3; ++i)
    if (context.input(i).size() != 1) throw Error("start, limit and delta of Range must be single numbers");
  if (context.input(1).type() != context.input(0).type() ||
      context.input(2).type() != context.input(0).type())
    throw Error("start, limit and delta of Range must be of one type");
  dispatch(RangeTypes{}, context.input(0).type(), [&]<class T>() {
    using Number = ComputeType<T>;  // Range-27's stash_type: small floats are computed in float32
    const auto number = [&](std::size_t i) { return static_cast<Number>(*context.input(i).data<T>()); };
    const Number start = number(0), delta = number(2);
    Tensor& output =
        context.output(0, context.input(0).type(), {range_count<Number>(start, number(1), delta)});
    T* to = output.mutable_data<T>();
    for (std::int64_t i = 0; i < output.size(); ++i) to[i] = range_element<T>(start, i, delta);
  });
}

std::optional<double> known_number(InferenceContext& context, std::size_t input) {
  const Tensor* constant = context.input_constant(input);
  if (!constant || constant->size() != 1 || constant->is_string()) return std::nullopt;
  return values_as<double>(*constant)[0];
}

/// The count of Range over floating constants, or nothing.
std::optional<Dimension> known_range_count(InferenceContext& context) {
  const auto start = known_number(context, 0), limit = known_number(context, 1),
             delta = known_number(context, 2);
  if (!start || !limit || !delta || *delta == 0) return std::nullopt;
  const double count = std::ceil((*limit - *start) / *delta);
  if (!(count < 0x1p62)) return std::nullopt;
  return Dimension(count > 0 ? static_cast<std::int64_t>(count) : 0);
}

void infer_range(InferenceContext& context) {
  const auto start = known_values(context, 0), limit = known_values(context, 1),
             delta = known_values(context, 2);
  Dimension count;
  const bool is_known =
      start && limit && delta && start->size() == 1 && limit->size() == 1 && delta->size() == 1;
  if (is_known && (*delta)[0].value_or(0) != 0) {
    const Dimension distance = (*limit)[0] - (*start)[0];
    count = ceil_div(distance, (*delta)[0]);
    if (count.is_constant()) count = std::max<std::int64_t>(count.value(), 0);
    if (count.is_constant() && count.value() <= 64) {
      std::vector<Dimension> values;
      for (std::int64_t i = 0; i < count.value(); ++i)
        values.push_back((*start)[0] + Dimension(i) * (*delta)[0]);
      context.set_output_values(0, std::move(values));
    }
  } else if (const auto number = known_range_count(context)) {
    count = *number;
  }
  context.set_output(0, context.input_element(0), Shape{count});
}

// --- records ---

void register_range(OperatorTable& table) {
  const Operator range_11 =
      Operator("Range", 11, OperatorKind::ShapeAndLayout)
          .summary("Numbers from `start` on in steps of `delta`, ending before `limit`.")
          .input("start", "T", "First number, a scalar.")
          .input("limit", "T", "Where to end; not part of the output.")
          .input("delta", "T", "Distance from one number to the next; may be negative.")
          .output("output", "T", "The numbers, [count].")
          .constraint("T", types::tensors({"float", "double", "int16", "int32", "int64"}))
          .infer(infer_range)
          .kernel(range)
          .example("start = int64{1}; limit = int64{10}; delta = int64{3}")
          .cost(per_element(2));
  table.add(range_11);
  table.add(
      range_11.at(27)
          .attribute("stash_type", std::int64_t{1}, "Type in which 16-bit floats are computed: 1 is float32.")
          .constraint("T",
                      types::tensors({"float", "double", "float16", "bfloat16", "int16", "int32", "int64"})));
}

}  // namespace

void register_expand(OperatorTable& table) {
  table.add_widened(
      Operator("Expand", 8, OperatorKind::ShapeAndLayout)
          .summary("Repeats axes of size 1 until the tensor has the wanted sizes, by numpy's broadcasting.")
          .input("input", "T", "The tensor to repeat.")
          .input("shape", "tensor(int64)", "Sizes to broadcast with; a 1 keeps the input's size.")
          .output("output", "T", "The tensor in its new sizes.")
          .infer(infer_expand)
          .kernel(expand)
          .example("input = float[2, 1]{1, 2}; shape = int64[2]{2, 3}")
          .cost(no_arithmetic()),
      "T", {8, 13});
  const Operator tile_1 = Operator("Tile", 1, OperatorKind::ShapeAndLayout)
                              .summary("Repeats the whole tensor along its axes.")
                              .input("input", "T", "The tensor to repeat.")
                              .input("tiles", "T", "How often, a scalar.")
                              .input("axis", "T", "Along which axis, a scalar.")
                              .output("output", "T", "The repeated tensor.")
                              .constraint("T", types::floats())
                              .constraint("T1", {"tensor(int64)"})
                              .infer(infer_tile)
                              .kernel(tile)
                              .example("input = float[2]{1, 2}; tiles = float{2}; axis = float{0}")
                              .cost(no_arithmetic());
  table.add(tile_1);
  table.add_widened(Operator(tile_1)
                        .clear_inputs()
                        .input("input", "T", "The tensor to repeat.")
                        .input("repeats", "T1", "How often along each axis.")
                        .example("input = float[2]{1, 2}; repeats = int64[1]{3}"),
                    "T", {6, 13});
  register_range(table);
}

}  // namespace lapidary
