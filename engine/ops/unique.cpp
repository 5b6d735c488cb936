// Each value once: Unique.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "engine/model/element_types.h"
#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using ComparableTypes = decltype(NumberAndBoolTypes{} + ComplexTypes{} + TypeList<std::string>{});

/// -1, 0 or 1; NaN equals itself and comes last, complex numbers go by real, then imaginary part.
template <class T>
int compared(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
    const int real = compared(a.real(), b.real());
    return real != 0 ? real : compared(a.imag(), b.imag());
  } else if constexpr (is_small_float<T>) {
    return compared(static_cast<float>(a), static_cast<float>(b));
  } else {
    if constexpr (std::is_floating_point_v<T>)
      if (std::isnan(a) || std::isnan(b))
        return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
    return a < b ? -1 : (b < a ? 1 : 0);
  }
}

/// Rows of `rows` [count, ...] that are equal, found by sorting.
struct Groups {
  std::vector<std::int64_t> first, sizes;  ///< of each group: its first row, and how many it has
  std::vector<std::int64_t> group_of;      ///< of each row
};

template <class T>
std::vector<std::int64_t> sorted_rows(const T* rows, std::int64_t count, std::int64_t width,
                                      std::vector<bool>& starts) {
  const auto compare = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t i = 0; i < width; ++i)
      if (const int order = compared(rows[a * width + i], rows[b * width + i])) return order;
    return 0;
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return compare(a, b) < 0; });
  for (std::size_t i = 0; i < order.size(); ++i)
    starts.push_back(i == 0 || compare(order[i - 1], order[i]) != 0);
  return order;
}

Groups groups_of(const Tensor& rows, bool sorted) {
  const std::int64_t count = rows.dims()[0], width = count_between(rows.dims(), 1, rows.dims().size());
  std::vector<std::int64_t> order;
  std::vector<bool> starts;
  dispatch(ComparableTypes{}, rows.type(),
           [&]<class T>() { order = sorted_rows(elements<T>(rows), count, width, starts); });
  Groups found;
  found.group_of.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (starts[i]) found.first.push_back(order[i]), found.sizes.push_back(0);
    ++found.sizes.back();
    found.group_of[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(found.first.size()) - 1;
  }
  if (sorted) return found;
  // In order of first appearance instead.
  std::vector<std::size_t> rank(found.first.size());
  std::iota(rank.begin(), rank.end(), std::size_t{0});
  std::sort(rank.begin(), rank.end(), [&](auto a, auto b) { return found.first[a] < found.first[b]; });
  Groups appearing;
  std::vector<std::int64_t> place(rank.size());
  for (std::size_t i = 0; i < rank.size(); ++i) {
    appearing.first.push_back(found.first[rank[i]]);
    appearing.sizes.push_back(found.sizes[rank[i]]);
    place[rank[i]] = static_cast<std::int64_t>(i);
  }
  for (const auto group : found.group_of)
    appearing.group_of.push_back(place[static_cast<std::size_t>(group)]);
  return appearing;
}

Tensor listed(const std::vector<std::int64_t>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

void unique(KernelContext& context) {
  const bool flat = !context.has_attribute("axis");
  const Tensor input = flat ? context.input(0).reshaped({context.input(0).size()}) : context.input(0);
  const auto axis = KernelContext::normalized_axis(context.integer("axis", 0), input.rank());
  auto to_front = all_axes(input.dims().size());
  std::rotate(to_front.begin(), to_front.begin() + axis, to_front.begin() + axis + 1);
  const Tensor rows = transposed(input, to_front);
  const Groups groups = groups_of(rows, context.integer("sorted", 1) != 0);
  std::vector<Tensor> kept{section(rows, 0, 0, 0)};
  for (const auto row : groups.first) kept.push_back(section(rows, 0, row, 1));
  auto back = all_axes(input.dims().size());
  std::rotate(back.begin(), back.begin() + 1, back.begin() + axis + 1);
  context.set_output(0, transposed(concatenated(kept, 0), back));
  if (context.wants_output(1)) context.set_output(1, listed(groups.first));
  if (context.wants_output(2)) context.set_output(2, listed(groups.group_of));
  if (context.wants_output(3)) context.set_output(3, listed(groups.sizes));
}

void infer_unique(InferenceContext& context) {
  std::optional<Shape> result = unknown_shape(1);
  Dimension rows;  // as many inverse indices as there are elements or slices
  if (context.has_attribute("axis")) {
    result = context.input_shape(0);
    const auto axis =
        result ? normalized_axis(context, context.integer("axis", 0), result->size()) : std::nullopt;
    if (axis) rows = std::exchange((*result)[static_cast<std::size_t>(*axis)], Dimension::unknown());
  } else if (const auto& from = context.input_shape(0)) {
    rows = element_count(*from);
  }
  context.set_output(0, context.input_element(0), std::move(result));
  context.set_output(1, DataType::Int64, unknown_shape(1));
  context.set_output(2, DataType::Int64, Shape{rows});
  context.set_output(3, DataType::Int64, unknown_shape(1));
}

}  // namespace

void register_unique(OperatorTable& table) {
  table.add(Operator("Unique", 11, OperatorKind::ShapeAndLayout)
                .summary("Each value, or each slice along an axis, once.")
                .input("X", "T", "The values to compare.")
                .output("Y", "T", "The values that differ.")
                .optional_output("indices", "tensor(int64)", "Where each first stands in X.")
                .optional_output("inverse_indices", "tensor(int64)", "For each element of X its place in Y.")
                .optional_output("counts", "tensor(int64)", "How often each occurs.")
                .optional_attribute("axis", AttributeType::Int,
                                    "Compare slices along it; the tensor is flattened if left out.")
                .attribute("sorted", std::int64_t{1}, "1 sorts Y, 0 keeps the order of first appearance.")
                .constraint("T", types::all())
                .infer(infer_unique)
                .kernel(unique)
                .example("X = float[5]{2, 1, 1, 3, 2} -> Y, indices, inverse_indices, counts")
                .cost(unknown_cost()));
}

}  // namespace lapidary
