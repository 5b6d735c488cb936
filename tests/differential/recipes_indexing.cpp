#include <algorithm>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Numbers of places along an axis of `size`, also from its end where `negative` allows.
Tensor places(Call& call, DataType type, const Dims& dims, std::int64_t size, bool negative) {
  if (size == 0 && element_count(dims) > 0) throw Unsuitable();
  std::vector<double> values;
  for (std::int64_t i = element_count(dims); i > 0; --i)
    values.push_back(static_cast<double>(negative && call.random.chance(0.2) ? -call.random.between(1, size)
                                                                             : call.random.below(size)));
  return tensor_from(type, dims, values);
}

std::int64_t size_at(const Tensor& x, std::int64_t axis) {
  return x.dims()[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)];
}

void gather(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::int64_t axis = call.axis(x.rank(), call.version() >= 11);
  call.given(places(call, call.input_type(1), random_dims(call.random, 0, 2), size_at(x, axis),
                    call.version() >= 11));
  if (axis != 0 || call.random.chance(0.5)) call.set("axis", axis);
}

void gather_elements(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::int64_t axis = call.axis(x.rank());
  Dims dims = x.dims();
  for (auto& size : dims) size = call.random.chance(0.3) ? std::max<std::int64_t>(0, size - 1) : size;
  dims[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)] = call.random.between(1, 5);
  call.given(places(call, call.input_type(1), dims, size_at(x, axis), true));
  call.set("axis", axis);
}

/// Rows of numbers that each name a place of x after `batch` axes.
Tensor rows_of_places(Call& call, const Tensor& x, const Dims& rows, int batch, bool distinct) {
  const std::int64_t depth = call.random.between(1, x.rank() - batch);
  std::vector<std::int64_t> values;
  const std::int64_t count = element_count(rows);
  for (std::int64_t row = 0; row < count; ++row)
    for (std::int64_t i = 0; i < depth; ++i) {
      const std::int64_t size = x.dims()[static_cast<std::size_t>(batch + i)];
      if (size == 0) throw Unsuitable();
      values.push_back(distinct && i == 0 ? row % size : call.random.below(size));
    }
  if (distinct && count > x.dims()[static_cast<std::size_t>(batch)]) throw Unsuitable();
  Dims dims = rows;
  dims.push_back(depth);
  return Tensor::of(dims, values);
}

void gather_nd(Call& call) {
  const Tensor x = call.any(1, 4);
  const int batch = call.version() >= 12 && x.rank() > 1 ? static_cast<int>(call.random.below(2)) : 0;
  Dims rows(x.dims().begin(), x.dims().begin() + batch);
  rows.push_back(call.random.between(1, 4));
  call.given(rows_of_places(call, x, rows, batch, false));
  if (batch > 0) call.set("batch_dims", std::int64_t{batch});
}

void scatter_nd(Call& call) {
  const Tensor x = call.any(1, 4);
  const bool reduces = call.version() >= 16 && call.random.chance(0.5);
  const Tensor indices = rows_of_places(call, x, {call.random.between(1, 3)}, 0, !reduces);
  call.given(indices);
  Dims updates = {indices.dims()[0]};
  updates.insert(updates.end(), x.dims().begin() + indices.dims()[1], x.dims().end());
  call.sized(updates);
  std::vector<std::string> words = {"add", "mul"};
  if (call.version() >= 18) words.insert(words.end(), {"max", "min"});
  if (reduces) call.set("reduction", call.random.pick(words));
}

void scatter_elements(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::int64_t axis = call.axis(x.rank(), call.version() >= 11);
  const std::int64_t size = size_at(x, axis);
  const bool reduces = call.version() >= 16 && call.random.chance(0.5);
  Dims dims = x.dims();
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
  dims[at] = reduces ? call.random.between(1, 4) : std::min<std::int64_t>(1, size);
  call.given(places(call, call.input_type(1), dims, size, call.version() >= 11));
  call.sized(dims);
  call.set("axis", axis);
  std::vector<std::string> words = {"add", "mul"};
  if (call.version() >= 18) words.insert(words.end(), {"max", "min"});
  if (reduces) call.set("reduction", call.random.pick(words));
}

/// Begin and end anywhere around the axis, and steps both ways.
void slice(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::vector<std::int64_t> axes = call.axes(x.rank(), call.version() >= 10);
  std::vector<std::int64_t> starts, ends, steps;
  for (const auto axis : axes) {
    const std::int64_t size = size_at(x, axis);
    steps.push_back(call.version() < 10 ? 1
                                        : call.random.pick(std::vector<std::int64_t>{1, 1, 1, 2, -1, -2}));
    const std::int64_t begin = call.random.between(-size, size),
                       end = call.random.between(-size - 1, size + 2);
    starts.push_back(call.random.chance(0.4) ? (steps.back() < 0 ? size : 0) : begin);
    ends.push_back(call.random.chance(0.4) ? (steps.back() < 0 ? INT64_MIN : INT64_MAX) : end);
    if (call.type(call.version() < 10 ? "tensor(int64)" : call.record.inputs[1].type) == DataType::Int32)
      ends.back() = std::clamp<std::int64_t>(ends.back(), INT32_MIN, INT32_MAX);
  }
  if (call.version() < 10) {
    call.set("starts", starts);
    call.set("ends", ends);
    return call.set("axes", axes);
  }
  call.integers(starts);
  call.integers(ends);
  call.integers(axes);
  call.integers(steps);
}

void one_hot(Call& call) {
  call.bind(call.record.inputs[0].type, call.random.chance(0.7) ? DataType::Int64 : DataType::Int32);
  const Tensor indices = call.sized(random_dims(call.random, 0, 3), Fill::Ordinary);
  call.given(
      tensor_from(call.input_type(1), call.random.chance(0.5) ? Dims{} : Dims{1}, std::vector<double>{5}),
      0.8);
  call.sized({2}, Fill::Ordinary);
  if (call.random.chance(0.7)) call.set("axis", call.random.between(-indices.rank() - 1, indices.rank()));
}

void compress(Call& call) {
  const Tensor x = call.any(1, 4);
  if (call.random.chance(0.3)) return void(call.sized({std::min<std::int64_t>(x.size(), 5)}));
  const std::int64_t axis = call.axis(x.rank(), call.version() >= 11);
  call.sized({std::max<std::int64_t>(0, size_at(x, axis) - call.random.below(2))});
  call.set("axis", axis);
}

void non_zero(Call& call) { call.any(1, 4); }

void unique(Call& call) {
  const Tensor x = call.any(1, 3);
  if (call.random.chance(0.5)) call.set("axis", call.axis(x.rank()));
  call.flag("sorted");
}

void top_k(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::int64_t axis = call.axis(x.rank(), call.version() >= 11), size = size_at(x, axis);
  require_finite(x);
  const std::int64_t k = size == 0 ? 0 : call.random.between(1, size);
  call.set("axis", axis);
  if (call.version() < 10)
    call.set("k", k);
  else
    call.integers({k});
  call.flag("largest");
}

void reverse_sequence(Call& call) {
  const Tensor x = call.any(2, 4);
  const std::int64_t batch = call.random.below(2);
  std::vector<std::int64_t> lengths;
  const std::int64_t time = x.dims()[static_cast<std::size_t>(1 - batch)];
  if (time == 0) throw Unsuitable();
  for (std::int64_t i = x.dims()[static_cast<std::size_t>(batch)]; i > 0; --i)
    lengths.push_back(call.random.between(1, time));
  call.integers(lengths);
  call.set("batch_axis", batch);
  call.set("time_axis", 1 - batch);
}

}  // namespace

RecipeList indexing_recipes() {
  return {{"Gather", gather},
          {"GatherElements", gather_elements},
          {"GatherND", gather_nd},
          {"ScatterND", scatter_nd},
          {"ScatterElements", scatter_elements},
          {"Scatter", scatter_elements},
          {"Slice", slice},
          {"OneHot", one_hot},
          {"Compress", compress},
          {"NonZero", non_zero},
          {"Unique", unique},
          {"TopK", top_k},
          {"ReverseSequence", reverse_sequence}};
}

}  // namespace lapidary::differential
