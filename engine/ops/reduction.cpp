#include <cmath>
#include <limits>
#include <numeric>

#include "engine/model/saturating_cast.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using types::operator+;

// --- what is reduced, and into which sizes ---

struct Reduction {
  Dims kept;    ///< sizes of the result with 1 for each reduced axis
  Dims result;  ///< sizes of the result as it is given: the same, or without those axes
};

/// Axes come from input 1 in newer versions, else from an attribute; without any, all axes are reduced, or
/// none where `noop_with_empty_axes` says so.
std::vector<bool> reduced_axes(const KernelContext& context, std::size_t rank) {
  const auto axes = context.has_input(1) ? context.integers(std::size_t{1}) : context.integers("axes");
  if (axes.empty()) return std::vector<bool>(rank, context.integer("noop_with_empty_axes", 0) == 0);
  std::vector<bool> reduced(rank, false);
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(KernelContext::normalized_axis(axis, static_cast<std::int64_t>(rank)))] =
        true;
  return reduced;
}

Reduction reduction_of(const KernelContext& context, const Dims& dims) {
  const auto reduced = reduced_axes(context, dims.size());
  const bool keeps = context.integer("keepdims", 1) != 0;
  Reduction reduction;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    reduction.kept.push_back(reduced[axis] ? 1 : dims[axis]);
    if (!reduced[axis] || keeps) reduction.result.push_back(reduction.kept.back());
  }
  return reduction;
}

// --- the reductions: each element is mapped, results are merged, the total is finished ---

/// Sums are made in double for floating types, in 64 bits (wrapping around) for integers.
template <class T>
using Total = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;

/// A finished double as T: integers saturate.
template <class T>
T from_double(double value) {
  if constexpr (std::is_integral_v<T>)
    return saturating_cast<T>(value);
  else
    return static_cast<T>(static_cast<ComputeType<T>>(value));
}

template <class T>
struct Additive {
  using A = Total<T>;
  static constexpr A initial = 0;
  static A map(T x) { return static_cast<A>(static_cast<ComputeType<T>>(x)); }
  static A merge(A a, A b) { return a + b; }
  static T finish(A total, double) { return static_cast<T>(static_cast<ComputeType<T>>(total)); }
};

template <class T>
struct Sum : Additive<T> {};

template <class T>
struct SumSquare : Additive<T> {
  using typename Additive<T>::A;
  static A map(T x) { return Additive<T>::map(x) * Additive<T>::map(x); }
};

template <class T>
struct SumOfMagnitudes : Additive<T> {
  using typename Additive<T>::A;
  static A map(T x) {
    const A value = Additive<T>::map(x);
    if constexpr (std::is_floating_point_v<A>)
      return std::fabs(value);
    else
      return std::is_signed_v<T> && x < T{0} ? 0 - value : value;
  }
};

template <class T>
struct Product : Additive<T> {
  using typename Additive<T>::A;
  static constexpr A initial = 1;
  static A merge(A a, A b) { return a * b; }
};

/// Sums made in double for every type, for results that are no whole numbers before they are rounded to T.
template <class T>
struct Real {
  using A = double;
  static constexpr A initial = 0;
  static A map(T x) { return static_cast<double>(static_cast<ComputeType<T>>(x)); }
  static A merge(A a, A b) { return a + b; }
};

template <class T>
struct Mean : Real<T> {
  static T finish(double total, double count) { return from_double<T>(total / count); }
};

template <class T>
struct Norm : Real<T> {
  static double map(T x) { return Real<T>::map(x) * Real<T>::map(x); }
  static T finish(double total, double) { return from_double<T>(std::sqrt(total)); }
};

template <class T>
struct LogSum : Real<T> {
  static T finish(double total, double) { return from_double<T>(std::log(total)); }
};

/// The greatest (Sign = 1) or least (Sign = −1) element; NaN where one is NaN.
template <class T, int Sign>
struct Extremum {
  using A = std::conditional_t<std::is_same_v<T, bool>, int, ComputeType<T>>;
  using Limits = std::numeric_limits<std::conditional_t<std::is_same_v<T, bool>, bool, A>>;
  static constexpr A worst(bool for_greatest) {
    if constexpr (Limits::has_infinity) return for_greatest ? -Limits::infinity() : Limits::infinity();
    return static_cast<A>(for_greatest ? Limits::lowest() : Limits::max());
  }
  static constexpr A initial = worst(Sign > 0);
  static A map(T x) { return static_cast<A>(x); }
  static A merge(A a, A b) { return (Sign > 0 ? a > b : a < b) || a != a ? a : b; }
  static T finish(A total, double) { return static_cast<T>(total); }
};
template <class T>
using Greatest = Extremum<T, 1>;
template <class T>
using Least = Extremum<T, -1>;

// --- the walk ---

/// Merges the elements of x into totals, which has the sizes `kept`.
template <class T, class Op>
void accumulate(const Tensor& x, const Dims& kept, std::vector<typename Op::A>& totals) {
  using A = typename Op::A;
  const StridedWalk<2> walk(x.dims(), {row_major_strides(x.dims()), broadcast_strides(kept, x.dims())});
  walk.for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
    const T* from = x.data<T>() + offsets[0];
    A* to = totals.data() + offsets[1];
    if (steps[1] == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Op::merge(to[i], Op::map(from[i]));
      return;
    }
    // Four chains side by side, so that one addition need not wait for the one before.
    A lanes[4] = {Op::initial, Op::initial, Op::initial, Op::initial};
    std::int64_t i = 0;
    for (; i + 4 <= count; i += 4)
      for (int lane = 0; lane < 4; ++lane) lanes[lane] = Op::merge(lanes[lane], Op::map(from[i + lane]));
    for (; i < count; ++i) lanes[0] = Op::merge(lanes[0], Op::map(from[i]));
    *to = Op::merge(*to, Op::merge(Op::merge(lanes[0], lanes[1]), Op::merge(lanes[2], lanes[3])));
  });
}

template <class Types, template <class> class Op>
void reduce(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Reduction reduction = reduction_of(context, x.dims());
  Tensor& y = context.output(0, x.type(), reduction.result);
  dispatch(Types{}, x.type(), [&]<class T>() {
    std::vector<typename Op<T>::A> totals(static_cast<std::size_t>(y.size()), Op<T>::initial);
    accumulate<T, Op<T>>(x, reduction.kept, totals);
    const double count = y.size() ? static_cast<double>(x.size()) / static_cast<double>(y.size()) : 0;
    std::transform(totals.begin(), totals.end(), y.mutable_data<T>(),
                   [&](auto total) { return Op<T>::finish(total, count); });
  });
}

/// ln Σeˣ as m + ln Σe^(x − m) with m the greatest element, so that nothing overflows.
void reduce_log_sum_exp(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Reduction reduction = reduction_of(context, x.dims());
  Tensor& y = context.output(0, x.type(), reduction.result);
  const Tensor wide = converted(x, DataType::Float64);
  std::vector<double> greatest(static_cast<std::size_t>(y.size()), Greatest<double>::initial);
  accumulate<double, Greatest<double>>(wide, reduction.kept, greatest);
  for (double& m : greatest)
    if (m == -std::numeric_limits<double>::infinity()) m = 0;
  Tensor exponentials(DataType::Float64, x.dims());
  broadcast_binary<double, double, double>(wide, Tensor::of(reduction.kept, greatest), exponentials,
                                           [](double value, double m) { return std::exp(value - m); });
  std::vector<double> totals(greatest.size(), 0.0);
  accumulate<double, Sum<double>>(exponentials, reduction.kept, totals);
  for (std::size_t i = 0; i < totals.size(); ++i) {
    // e^(∞ − ∞) is no number; a greatest element of ∞ decides alone.
    const bool infinite = greatest[i] == std::numeric_limits<double>::infinity();
    totals[i] = infinite ? greatest[i] : greatest[i] + std::log(totals[i]);
  }
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    std::transform(totals.begin(), totals.end(), y.mutable_data<T>(), from_double<T>);
  });
}

// --- inference ---

std::optional<std::vector<std::int64_t>> axes_of(InferenceContext& context) {
  if (!context.has_input(1)) return context.integers("axes");
  const Tensor* axes = context.input_constant(1);
  if (axes) return values_as<std::int64_t>(*axes);
  const auto values = context.input_values(1);
  if (!values) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const Dimension& value : *values) {
    if (!value.is_constant()) return std::nullopt;
    numbers.push_back(value.value());
  }
  return numbers;
}

/// Sizes after reducing `axes` (all or none where it is empty); nothing where that is not known.
std::optional<Shape> reduced_shape(InferenceContext& context,
                                   const std::optional<std::vector<std::int64_t>>& axes) {
  const auto& shape = context.input_shape(0);
  const bool keeps = context.integer("keepdims", 1) != 0;
  if (!shape) return std::nullopt;
  if (!axes) return keeps ? std::optional(Shape(shape->size(), Dimension::unknown())) : std::nullopt;
  std::vector<bool> reduced(shape->size(), axes->empty() && context.integer("noop_with_empty_axes", 0) == 0);
  for (const std::int64_t axis : *axes)
    if (const auto normalized = normalized_axis(context, axis, shape->size()))
      reduced[static_cast<std::size_t>(*normalized)] = true;
  Shape result;
  for (std::size_t axis = 0; axis < shape->size(); ++axis) {
    if (!reduced[axis])
      result.push_back((*shape)[axis]);
    else if (keeps)
      result.push_back(1);
  }
  return result;
}

void infer_reduction(InferenceContext& context) {
  context.set_output(0, context.input_element(0), reduced_shape(context, axes_of(context)));
}

/// As infer_reduction; a vector of known contents that is reduced to one element gives its contents too.
InferenceFunction reduction_with_values(DimensionFunction merge) {
  return [merge](InferenceContext& context) {
    infer_reduction(context);
    const auto values = known_values(context, 0);
    const auto &from = context.input_shape(0), &to = context.outputs().at(0).shape;
    if (!values || values->empty() || !from || from->size() != 1 || !to ||
        element_count(*to).value_or(-1) != 1)
      return;
    context.set_output_values(0,
                              {std::accumulate(values->begin() + 1, values->end(), values->front(), merge)});
  };
}

// --- records ---

struct Entry {
  const char* name;
  const char* summary;
  KernelFunction kernel;
  InferenceFunction inference = infer_reduction;
  int axes_become_input = 18;  ///< the version from which `axes` is an input
};

constexpr const char* axes_text = "Axes to reduce; negative ones count from the end. All if absent or empty.";

/// Versions 1, 11 and 13 with `axes` as an attribute; the last ones with `axes` as an input.
void add_reduction(OperatorTable& table, const Entry& entry, bool bytes_and_bool) {
  const Operator base =
      Operator(entry.name, 1, OperatorKind::PoolingAndReduction)
          .summary(entry.summary)
          .input("data", "T", "The tensor to reduce.")
          .output("reduced", "T", "The result; reduced axes have size 1, or are gone.")
          .attribute("keepdims", std::int64_t{1}, "1 to keep reduced axes with size 1, 0 to drop them.")
          .constraint("T", types::high_precision_numbers())
          .infer(entry.inference)
          .kernel(entry.kernel)
          .cost(per_input_element(1));
  const types::List bytes = bytes_and_bool ? types::tensors({"int8", "uint8"}) : types::List{};
  const types::List newest = types::high_precision_numbers() + types::tensors({"bfloat16"}) + bytes;
  const Operator by_attribute = Operator(base)
                                    .optional_attribute("axes", AttributeType::Ints, axes_text)
                                    .example("data = float[2, 3]{1..6}; axes = [1]");
  table.add(by_attribute);
  table.add(by_attribute.at(11));
  if (bytes_and_bool) table.add(by_attribute.at(12).constraint("T", types::high_precision_numbers() + bytes));
  if (entry.axes_become_input > 13) table.add(by_attribute.at(13).constraint("T", newest));
  const Operator by_input = base.at(entry.axes_become_input)
                                .optional_input("axes", "tensor(int64)", axes_text)
                                .example("data = float[2, 3]{1..6}; axes = int64[1]{1}")
                                .attribute("noop_with_empty_axes", std::int64_t{0},
                                           "1: without axes nothing is reduced, where 0 reduces all.")
                                .constraint("T", newest);
  table.add(by_input);
  if (bytes_and_bool) table.add(by_input.at(20).constraint("T", newest + types::tensors({"bool"})));
}

}  // namespace

void register_reduction(OperatorTable& table) {
  using Numbers =
      decltype(FloatTypes{} + TypeList<std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>{});
  using Ordered = decltype(Numbers{} + TypeList<std::int8_t, std::uint8_t, bool>{});
  const auto least = [](const Dimension& a, const Dimension& b) { return min(a, b); };
  const auto greatest = [](const Dimension& a, const Dimension& b) { return max(a, b); };
  const auto sum = [](const Dimension& a, const Dimension& b) { return a + b; };
  const auto product = [](const Dimension& a, const Dimension& b) { return a * b; };
  const Entry arithmetic[] = {
      {"ReduceSum", "Sum along axes.", reduce<Numbers, Sum>, reduction_with_values(sum), 13},
      {"ReduceMean", "Mean along axes.", reduce<Numbers, Mean>},
      {"ReduceProd", "Product along axes.", reduce<Numbers, Product>, reduction_with_values(product)},
      {"ReduceL1", "Sum of magnitudes along axes.", reduce<Numbers, SumOfMagnitudes>},
      {"ReduceL2", "Square root of the sum of squares along axes.", reduce<Numbers, Norm>},
      {"ReduceSumSquare", "Sum of squares along axes.", reduce<Numbers, SumSquare>},
      {"ReduceLogSum", "Logarithm of the sum along axes.", reduce<Numbers, LogSum>},
      {"ReduceLogSumExp", "ln Σeˣ along axes, computed without overflow.", reduce_log_sum_exp},
  };
  for (const Entry& entry : arithmetic) add_reduction(table, entry, false);
  const Entry extrema[] = {
      {"ReduceMax", "Greatest element along axes; NaN where one is NaN.", reduce<Ordered, Greatest>,
       reduction_with_values(greatest)},
      {"ReduceMin", "Least element along axes; NaN where one is NaN.", reduce<Ordered, Least>,
       reduction_with_values(least)},
  };
  for (const Entry& entry : extrema) add_reduction(table, entry, true);
  for (const Entry& entry : arithmetic) table.note_change(entry.name, 11, negative_axes_count);
  for (const Entry& entry : extrema) table.note_change(entry.name, 11, negative_axes_count);
}

}  // namespace lapidary
