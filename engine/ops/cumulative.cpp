#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

using types::operator+;

/// Combines elements along one axis from its start, or from its end where `reverse` is set. Exclusive results
/// leave out the element itself, so that the first is `neutral`.
template <class Function>
void accumulate_along_axis(KernelContext& context, int neutral, Function function) {
  const Tensor& x = context.input(0);
  const auto axes = context.integers(std::size_t{1});
  if (axes.size() != 1) throw Error("input 'axis' must be a single number");
  const std::int64_t axis = KernelContext::normalized_axis(axes[0], std::max(x.rank(), 1));
  std::int64_t outer = 1, count = 1, inner = 1;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    (i < axis ? outer : i == axis ? count : inner) *= x.dims()[static_cast<std::size_t>(i)];
  const bool exclusive = context.integer("exclusive", 0) != 0, reverse = context.integer("reverse", 0) != 0;
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    using C = AccumulateType<T>;
    for (std::int64_t slice = 0; slice < outer * inner; ++slice) {
      const std::int64_t start = slice / inner * count * inner + slice % inner;
      const T* from = x.data<T>() + start;
      T* to = y.mutable_data<T>() + start;
      C total = static_cast<C>(neutral);
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t i = (reverse ? count - 1 - k : k) * inner;
        const C next = function(total, static_cast<C>(from[i]));
        to[i] = static_cast<T>(exclusive ? total : next);
        total = next;
      }
    }
  });
}

void cum_sum(KernelContext& context) { accumulate_along_axis(context, 0, wrapping_add); }
void cum_prod(KernelContext& context) { accumulate_along_axis(context, 1, wrapping_multiply); }

Operator cumulative(const char* name, int version, const char* summary, types::List element_types,
                    KernelFunction kernel) {
  return Operator(name, version, OperatorKind::PoolingAndReduction)
      .summary(summary)
      .input("x", "T", "The tensor to work on.")
      .input("axis", "T2", "Scalar: the axis to go along.")
      .output("y", "T", "The running results, of the same sizes.")
      .attribute("exclusive", std::int64_t{0}, "1 to leave out each place's own element.")
      .attribute("reverse", std::int64_t{0}, "1 to go from the end of the axis to its start.")
      .constraint("T", std::move(element_types))
      .constraint("T2", types::tensors({"int32", "int64"}))
      .infer(same_as_input)
      .kernel(kernel)
      .example("x = float[4]{1..4}; axis = int64{0}")
      .cost(per_element(1));
}

}  // namespace

void register_cumulative(OperatorTable& table) {
  const types::List with_small_floats = types::high_precision_numbers() + types::tensors({"bfloat16"});
  const Operator sum = cumulative("CumSum", 14, "Running sum along an axis.", with_small_floats, cum_sum);
  table.add(
      sum.at(11).constraint("T", types::tensors({"uint32", "uint64", "int32", "int64", "float", "double"})));
  table.add(sum);
  table.add(cumulative("CumProd", 26, "Running product along an axis.", with_small_floats, cum_prod));
}

}  // namespace lapidary
