// Elements chosen by their values: TopK, NonZero.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- TopK ---

/// Strict order of numbers in which NaN is larger than everything.
template <class T>
bool is_larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

/// The axis cut out of a tensor: elements lie `inner` apart, in `outer` · `inner` rows.
struct Rows {
  std::int64_t outer, size, inner;
};

template <class T>
void select_top(const Tensor& input, Tensor& values, Tensor& indices, Rows rows, std::int64_t k,
                bool largest) {
  using Number = ComputeType<T>;
  std::vector<Number> row(static_cast<std::size_t>(rows.size));
  std::vector<std::int64_t> order(row.size());
  const auto before = [&](std::int64_t a, std::int64_t b) {
    const Number x = row[static_cast<std::size_t>(a)], y = row[static_cast<std::size_t>(b)];
    if (largest ? is_larger(x, y) : is_larger(y, x)) return true;
    if (largest ? is_larger(y, x) : is_larger(x, y)) return false;
    return a < b;  // of equals the first
  };
  for (std::int64_t r = 0; r < rows.outer * rows.inner; ++r) {
    const std::int64_t first = r / rows.inner * rows.size * rows.inner + r % rows.inner;
    for (std::int64_t i = 0; i < rows.size; ++i)
      row[static_cast<std::size_t>(i)] = static_cast<Number>(input.data<T>()[first + i * rows.inner]);
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
    const std::int64_t target = r / rows.inner * k * rows.inner + r % rows.inner;
    for (std::int64_t i = 0; i < k; ++i) {
      const std::int64_t from = order[static_cast<std::size_t>(i)];
      values.mutable_data<T>()[target + i * rows.inner] = input.data<T>()[first + from * rows.inner];
      indices.mutable_data<std::int64_t>()[target + i * rows.inner] = from;
    }
  }
}

void top_k(KernelContext& context) {
  const Tensor& input = context.input(0);
  const auto axis =
      static_cast<std::size_t>(KernelContext::normalized_axis(context.integer("axis", -1), input.rank()));
  const std::int64_t k = context.version() < 10 ? context.integer("k", 0) : single_integer(context, 1);
  const std::int64_t size = input.dims()[axis];
  if (k < 0 || k > size) throw Error("k is " + std::to_string(k) + " for an axis of " + std::to_string(size));
  Dims dims = input.dims();
  dims[axis] = k;
  Tensor values(input.type(), dims), indices(DataType::Int64, dims);
  const Rows rows{count_between(dims, 0, axis), size, count_between(dims, axis + 1, dims.size())};
  if (values.size() != 0)
    dispatch(NumberTypes{}, input.type(), [&]<class T>() {
      select_top<T>(input, values, indices, rows, k, context.integer("largest", 1) != 0);
    });
  context.set_output(0, std::move(values));
  context.set_output(1, std::move(indices));
}

void infer_top_k(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  if (result) {
    const auto axis = normalized_axis(context, context.integer("axis", -1), result->size());
    Dimension k = context.version() < 10 ? Dimension(context.integer("k", 0)) : Dimension::unknown();
    const auto values = known_values(context, 1);
    if (values && values->size() == 1) k = values->front();
    if (axis) {
      Dimension& size = (*result)[static_cast<std::size_t>(*axis)];
      if (k.is_constant() && size.is_constant() && k.value() > size.value())
        context.report("k is " + k.to_string() + " for an axis of " + size.to_string());
      size = checked_size(context, k);
    }
  }
  context.set_output(0, context.input_element(0), result);
  context.set_output(1, DataType::Int64, std::move(result));
}

// --- NonZero ---

using AnyTypes = decltype(NumberAndBoolTypes{} + ComplexTypes{} + TypeList<std::string>{});

void non_zero(KernelContext& context) {
  const Tensor& input = context.input(0);
  std::vector<std::int64_t> places;
  dispatch(AnyTypes{}, input.type(), [&]<class T>() {
    const T* from = elements<T>(input);
    for (std::int64_t i = 0; i < input.size(); ++i)
      if (!(from[i] == T{})) places.push_back(i);
  });
  const auto count = static_cast<std::int64_t>(places.size());
  Tensor& output = context.output(0, DataType::Int64, {input.rank(), count});
  std::int64_t below = 1;  // elements that one step along the axis passes
  for (std::int64_t axis = input.rank() - 1; axis >= 0; --axis) {
    const std::int64_t size = input.dims()[static_cast<std::size_t>(axis)];
    std::int64_t* row = output.mutable_data<std::int64_t>() + axis * count;
    for (const auto place : places) *row++ = place / below % size;
    below *= std::max<std::int64_t>(size, 1);
  }
}

void infer_non_zero(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  const Dimension rank = from ? Dimension(static_cast<std::int64_t>(from->size())) : Dimension::unknown();
  context.set_output(0, DataType::Int64, Shape{rank, Dimension::unknown()});
}

}  // namespace

/// TopK-1 has `k` as attribute, 10 as input; 11 adds `largest` and `sorted`.
void register_selection(OperatorTable& table) {
  const Operator top_k_base =
      Operator("TopK", 1, OperatorKind::PoolingAndReduction)
          .summary("The k largest (or smallest) elements along an axis, best first, and their indices.")
          .input("X", "T", "The tensor to search.")
          .output("Values", "T", "The elements found, the axis cut to k.")
          .output("Indices", "I", "Their positions along the axis.")
          .attribute("axis", std::int64_t{-1}, "Axis to search.")
          .constraint("T", types::floats())
          .constraint("I", {"tensor(int64)"})
          .infer(infer_top_k)
          .kernel(top_k)
          .cost(per_input_element(1));
  table.add(top_k_base.at(1)
                .required_attribute("k", AttributeType::Int, "How many.")
                .example("X = float[5]{3, 1, 5, 2, 4}; k = 2"));
  const Operator top_k_10 = top_k_base.at(10)
                                .input("K", "tensor(int64)", "How many, one number.")
                                .example("X = float[5]{3, 1, 5, 2, 4}; K = int64[1]{2}");
  table.add(top_k_10);
  const Operator top_k_11 =
      top_k_10.at(11)
          .attribute("largest", std::int64_t{1}, "1 finds the largest, 0 the smallest.")
          .attribute("sorted", std::int64_t{1}, "0 allows any order; here the result is sorted always.")
          .constraint("T", types::numbers());
  table.add(top_k_11);
  table.add(top_k_11.at(24).constraint("T", types::numbers_and_bfloat16()));
  table.add_widened(
      Operator("NonZero", 9, OperatorKind::ShapeAndLayout)
          .summary("Coordinates of all elements that are not zero, [rank, count], in row-major order.")
          .input("X", "T", "The tensor to search.")
          .output("Y", "tensor(int64)", "The coordinates, a column for each element.")
          .infer(infer_non_zero)
          .kernel(non_zero)
          .example("X = float[2, 2]{1, 0, 0, 4}")
          .cost(per_input_element(1)),
      "T", {9, 13});
}

}  // namespace lapidary
