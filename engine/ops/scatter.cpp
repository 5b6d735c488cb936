// Elements written by index: Scatter, ScatterElements, ScatterND, TensorScatter.

#include <algorithm>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/index.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

/// Where an update meets what stands there: replaces it, or joins it by the attribute `reduction`.
enum class Reduction { None, Add, Multiply, Minimum, Maximum };

/// `reduction` exists from 16 on, min and max from 18 on.
Reduction reduction_of(const KernelContext& context) {
  const std::string name = context.text("reduction", "none");
  if (name == "none") return Reduction::None;
  if (name == "add") return Reduction::Add;
  if (name == "mul") return Reduction::Multiply;
  if (name == "min" && context.version() >= 18) return Reduction::Minimum;
  if (name == "max" && context.version() >= 18) return Reduction::Maximum;
  throw Error(context.node().op_type + " has no reduction '" + name + "'");
}

template <class T>
T reduced(Reduction reduction, T old_value, T update) {
  using Number = ComputeType<T>;
  const auto a = static_cast<Number>(old_value), b = static_cast<Number>(update);
  if (reduction == Reduction::Add) return static_cast<T>(wrapping_add(a, b));
  if (reduction == Reduction::Multiply) return static_cast<T>(wrapping_multiply(a, b));
  if (reduction == Reduction::Minimum) return static_cast<T>(std::min(a, b));
  return static_cast<T>(std::max(a, b));
}

/// Writes runs of `count` updates to `places` of `output`.
void scatter_runs(Tensor& output, const Tensor& updates, const std::vector<std::int64_t>& places,
                  std::int64_t count, Reduction reduction) {
  if (updates.type() != output.type()) throw Error("updates and data have different types");
  if (count == 0) return;
  if (reduction == Reduction::None)
    return dispatch_by_size(output.type(), [&]<class T>() {
      const T* from = elements<T>(updates);
      for (const auto place : places) {
        std::copy_n(from, count, mutable_elements<T>(output) + place);
        from += count;
      }
    });
  dispatch(NumberTypes{}, output.type(), [&]<class T>() {
    const T* from = updates.data<T>();
    for (const auto place : places) {
      T* to = output.mutable_data<T>() + place;
      for (std::int64_t i = 0; i < count; ++i, ++from) to[i] = reduced(reduction, to[i], *from);
    }
  });
}

void scatter_elements(KernelContext& context) {
  const Tensor &data = context.input(0), &indices = context.input(1), &updates = context.input(2);
  if (updates.dims() != indices.dims())
    throw Error("updates of " + to_string(updates.dims()) + " do not match indices of " +
                to_string(indices.dims()));
  Tensor output = writable_copy(data);
  scatter_runs(output, updates, element_places(data.dims(), indices, context.integer("axis", 0)), 1,
               reduction_of(context));
  context.set_output(0, std::move(output));
}

void scatter_nd(KernelContext& context) {
  const Tensor &data = context.input(0), &indices = context.input(1), &updates = context.input(2);
  const SlicePlaces found = slice_places(data.dims(), indices, 0);
  if (updates.size() != checked_product(static_cast<std::int64_t>(found.places.size()), found.slice_size))
    throw Error("updates of " + to_string(updates.dims()) + " do not match indices of " +
                to_string(indices.dims()));
  Tensor output = writable_copy(data);
  scatter_runs(output, updates, found.places, found.slice_size, reduction_of(context));
  context.set_output(0, std::move(output));
}

// --- TensorScatter ---

/// Sizes of a cache and its update: [batch, outer, length, inner].
struct CacheUpdate {
  std::int64_t batch, outer, capacity, length, inner;
};

CacheUpdate cache_update(const Tensor& cache, const Tensor& update, std::int64_t along) {
  const auto axis = static_cast<std::size_t>(KernelContext::normalized_axis(along, cache.rank()));
  bool fits = axis != 0 && update.rank() == cache.rank() && update.type() == cache.type();
  for (std::size_t i = 0; fits && i < cache.dims().size(); ++i)
    fits = i == axis ? update.dims()[i] <= cache.dims()[i] : update.dims()[i] == cache.dims()[i];
  if (!fits)
    throw Error("an update of " + to_string(update.dims()) + " does not fit a cache of " +
                to_string(cache.dims()));
  const Dims& dims = cache.dims();
  return {dims[0], count_between(dims, 1, axis), dims[axis], update.dims()[axis],
          count_between(dims, axis + 1, dims.size())};
}

void tensor_scatter(KernelContext& context) {
  const Tensor &cache = context.input(0), &update = context.input(1);
  const CacheUpdate sizes = cache_update(cache, update, context.integer("axis", -2));
  const bool circular = context.text("mode", "linear") == "circular";
  const auto starts = context.optional_integers(2).value_or(
      std::vector<std::int64_t>(static_cast<std::size_t>(sizes.batch), 0));
  if (static_cast<std::int64_t>(starts.size()) != sizes.batch)
    throw Error("write_indices must have one index for each batch");
  std::vector<std::int64_t> places;
  for (std::int64_t b = 0; b < sizes.batch; ++b) {
    std::int64_t start = starts[static_cast<std::size_t>(b)];
    if (circular && sizes.capacity > 0) start = (start % sizes.capacity + sizes.capacity) % sizes.capacity;
    if (start < 0 || (!circular && start > sizes.capacity - sizes.length))
      throw Error("writing " + std::to_string(sizes.length) + " entries at " + std::to_string(start) +
                  " leaves a cache of " + std::to_string(sizes.capacity));
    for (std::int64_t o = 0; o < sizes.outer; ++o)
      for (std::int64_t i = 0; i < sizes.length; ++i)
        places.push_back(((b * sizes.outer + o) * sizes.capacity + (start + i) % sizes.capacity) *
                         sizes.inner);
  }
  if (is_sub_byte(cache.type())) {
    Tensor output = writable_copy(unpacked(cache));
    scatter_runs(output, unpacked(update), places, sizes.inner, Reduction::None);
    return context.set_output(0, packed(output, cache.type()));
  }
  Tensor output = writable_copy(cache);
  scatter_runs(output, update, places, sizes.inner, Reduction::None);
  context.set_output(0, std::move(output));
}

// --- records ---

const char* const reduction_meaning =
    "How an update meets what stands there: none (replace), add, mul, from 18 on min, max.";

void register_scatter_elements(OperatorTable& table) {
  const Operator elements_11 =
      Operator("ScatterElements", 11, OperatorKind::ShapeAndLayout)
          .summary(
              "A copy of the data with single elements replaced, each at its own coordinates except along "
              "`axis`.")
          .input("data", "T", "What is copied.")
          .input("indices", "Tind", "Positions along the axis, of the same rank as the data.")
          .input("updates", "T", "New elements, of the sizes of `indices`.")
          .output("output", "T", "The changed copy.")
          .attribute("axis", std::int64_t{0}, "Axis along which the indices count.")
          .constraint("Tind", types::tensors({"int32", "int64"}))
          .infer(same_as_input)
          .kernel(scatter_elements)
          .example("data = float[3]{1..3}; indices = int64[2]{0, 2}; updates = float[2]{10, 30}")
          .cost(no_arithmetic());
  table.add_widened(elements_11, "T", {11, 13});
  table.add_widened(Operator(elements_11).attribute("reduction", std::string("none"), reduction_meaning), "T",
                    {16, 18});
  // The same operator under its first name.
  Operator scatter_9 = elements_11.at(9).constraint("T", types::all());
  scatter_9.name = "Scatter";
  table.add(scatter_9);
  table.add(scatter_9.at(11).deprecated());
}

}  // namespace

void register_scatter(OperatorTable& table) {
  register_scatter_elements(table);
  const Operator nd_11 =
      Operator("ScatterND", 11, OperatorKind::ShapeAndLayout)
          .summary("A copy of the data with slices replaced that index tuples name.")
          .input("data", "T", "What is copied.")
          .input("indices", "tensor(int64)", "Tuples over the leading axes, [..., K].")
          .input("updates", "T", "New slices, one for each tuple.")
          .output("output", "T", "The changed copy.")
          .infer(same_as_input)
          .kernel(scatter_nd)
          .example("data = float[4]{1..4}; indices = int64[2, 1]{1, 3}; updates = float[2]{20, 40}")
          .cost(no_arithmetic());
  table.add_widened(nd_11, "T", {11, 13});
  table.add_widened(Operator(nd_11).attribute("reduction", std::string("none"), reduction_meaning), "T",
                    {16, 18});
  table.add_widened(
      Operator("TensorScatter", 24, OperatorKind::ShapeAndLayout)
          .summary("A key or value cache with new entries written from a position of each batch on.")
          .input("past_cache", "T", "[batch, ..., capacity, ...].")
          .input("update", "T", "New entries, fewer along the axis only.")
          .optional_input("write_indices", "tensor(int64)",
                          "Where each batch's entries begin, [batch]; 0 if left out.")
          .output("present_cache", "T", "The cache with the new entries.")
          .attribute("axis", std::int64_t{-2}, "Axis of the entries; not the batch.")
          .attribute("mode", std::string("linear"),
                     "linear, or circular: past the end it goes on at the front.")
          .infer(same_as_input)
          .kernel(tensor_scatter)
          .example(
              "past_cache = float[1, 3, 2]{0}; update = float[1, 1, 2]{1, 2}; write_indices = int64[1]{1}")
          .cost(no_arithmetic()),
      "T", {24});
  for (const char* name : {"ScatterElements", "ScatterND"})
    table.note_change(name, 18, "`reduction` may be min or max");
}

}  // namespace lapidary
