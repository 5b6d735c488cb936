#include <cmath>
#include <numeric>

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// A tensor seen as [outer, count, inner]; normalization runs along count.
struct Slices {
  std::int64_t outer = 1, count = 1, inner = 1;
};

/// Before opset 13 everything from `axis` on is one long axis; since then only `axis` itself.
Slices slices_of(const KernelContext& context, const Dims& dims) {
  const auto rank = static_cast<std::int64_t>(dims.size());
  const bool flattens = context.version() < 13;
  const std::int64_t asked = context.integer("axis", flattens ? 1 : -1);
  Slices slices;
  // A flattening axis may also stand at the end, where slices have one element; so may any axis of a scalar.
  if (rank == 0) return slices;
  const std::int64_t axis = flattens && asked == rank ? rank : KernelContext::normalized_axis(asked, rank);
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t size = dims[static_cast<std::size_t>(i)];
    (i < axis ? slices.outer : i == axis || flattens ? slices.count : slices.inner) *= size;
  }
  return slices;
}

template <class C>
void softmax(std::span<C> x) {
  const C greatest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (C& value : x) {
    value = std::exp(value - greatest);
    sum += static_cast<double>(value);
  }
  const C scale = static_cast<C>(1 / sum);
  for (C& value : x) value *= scale;
}

template <class C>
void log_softmax(std::span<C> x) {
  const C greatest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const C value : x) sum += static_cast<double>(std::exp(value - greatest));
  const C shift = greatest + static_cast<C>(std::log(sum));
  for (C& value : x) value -= shift;
}

/// 1 at the first greatest element, 0 elsewhere.
template <class C>
void hardmax(std::span<C> x) {
  const auto greatest = std::max_element(x.begin(), x.end()) - x.begin();
  std::fill(x.begin(), x.end(), C{0});
  x[static_cast<std::size_t>(greatest)] = 1;
}

/// Brings each slice into a buffer of the type that is computed in, applies function, and writes it back.
template <class Function>
void normalize_slices(KernelContext& context, Function function) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, x.type(), x.dims());
  if (x.size() == 0) return;
  const Slices slices = slices_of(context, x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using C = ComputeType<T>;
    std::vector<C> buffer(static_cast<std::size_t>(slices.count));
    for (std::int64_t outer = 0; outer < slices.outer; ++outer)
      for (std::int64_t inner = 0; inner < slices.inner; ++inner) {
        const std::int64_t start = outer * slices.count * slices.inner + inner;
        const T* from = x.data<T>() + start;
        for (std::int64_t i = 0; i < slices.count; ++i)
          buffer[static_cast<std::size_t>(i)] = static_cast<C>(from[i * slices.inner]);
        function(std::span<C>(buffer));
        T* to = y.mutable_data<T>() + start;
        for (std::int64_t i = 0; i < slices.count; ++i)
          to[i * slices.inner] = static_cast<T>(buffer[static_cast<std::size_t>(i)]);
      }
  });
}

void softmax_kernel(KernelContext& context) {
  normalize_slices(context, [](auto x) { softmax(x); });
}
void log_softmax_kernel(KernelContext& context) {
  normalize_slices(context, [](auto x) { log_softmax(x); });
}
void hardmax_kernel(KernelContext& context) {
  normalize_slices(context, [](auto x) { hardmax(x); });
}

void add_versions(OperatorTable& table, const char* name, const char* summary, KernelFunction kernel,
                  double flops) {
  const Operator before_13 =
      Operator(name, 1, OperatorKind::Activation)
          .summary(summary)
          .input("input", "T", "The tensor to work on.")
          .output("output", "T", "The result, of the same sizes.")
          .attribute("axis", std::int64_t{1},
                     "First of the axes along which the result is normalized together.")
          .constraint("T", types::floats())
          .infer(same_as_input)
          .kernel(kernel)
          .example("input = float[2, 3]{1, 2, 3, 1, 1, 1}")
          .cost(per_element(flops));
  table.add(before_13);
  table.add(before_13.at(11));
  table.add(before_13.at(13)
                .attribute("axis", std::int64_t{-1}, "Axis along which the result is normalized.")
                .constraint("T", types::floats_and_bfloat16()));
}

}  // namespace

void register_softmax(OperatorTable& table) {
  add_versions(table, "Softmax", "eˣ / Σeˣ along an axis: positive numbers whose sum is 1.", softmax_kernel,
               13);
  add_versions(table, "LogSoftmax", "The logarithm of Softmax: x − ln Σeˣ along an axis.", log_softmax_kernel,
               13);
  add_versions(table, "Hardmax", "1 at the first greatest element along an axis, 0 elsewhere.",
               hardmax_kernel, 1);
  for (const char* name : {"Softmax", "LogSoftmax", "Hardmax"})
    table.note_change(name, 11, negative_axes_count);
  for (const char* name : {"Softmax", "LogSoftmax", "Hardmax"})
    table.note_change(name, 13, "one axis is normalized; before, all axes from `axis` on together");
}

}  // namespace lapidary
