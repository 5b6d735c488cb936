#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

enum class Extreme { Greatest, Least };

/// Whether `candidate` replaces `best`. NaN is more extreme than any number, as in numpy; of equals the first
/// is kept, or the last where `last` says so.
template <Extreme extreme, class C>
bool replaces(C candidate, C best, bool last) {
  if (best != best) return last && candidate != candidate;
  if (candidate != candidate) return true;
  if (candidate == best) return last;
  return extreme == Extreme::Greatest ? candidate > best : candidate < best;
}

/// Sizes of a tensor seen as [outer, count, inner] around one axis.
struct AxisView {
  std::int64_t outer = 1, count = 1, inner = 1;
};

AxisView around_axis(const Dims& dims, std::int64_t axis) {
  AxisView view;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const auto position = static_cast<std::int64_t>(i);
    (position < axis ? view.outer : position == axis ? view.count : view.inner) *= dims[i];
  }
  return view;
}

template <Extreme extreme>
void find_extreme(KernelContext& context) {
  const Tensor& x = context.input(0);
  const std::int64_t axis = KernelContext::normalized_axis(context.integer("axis", 0), std::max(x.rank(), 1));
  const AxisView view = around_axis(x.dims(), axis);
  Dims dims = x.dims();
  if (!dims.empty()) {
    if (view.count == 0) throw Error("no extreme element along an axis of size 0: " + to_string(dims));
    if (context.integer("keepdims", 1) != 0)
      dims[static_cast<std::size_t>(axis)] = 1;
    else
      dims.erase(dims.begin() + axis);
  }
  const bool last = context.integer("select_last_index", 0) != 0;
  std::int64_t* out = context.output(0, DataType::Int64, dims).mutable_data<std::int64_t>();
  dispatch(NumberTypes{}, x.type(), [&]<class T>() {
    using C = ComputeType<T>;
    for (std::int64_t outer = 0; outer < view.outer; ++outer)
      for (std::int64_t inner = 0; inner < view.inner; ++inner) {
        const T* slice = x.data<T>() + outer * view.count * view.inner + inner;
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < view.count; ++i)
          if (replaces<extreme>(static_cast<C>(slice[i * view.inner]),
                                static_cast<C>(slice[best * view.inner]), last))
            best = i;
        *out++ = best;
      }
  });
}

void infer_index(InferenceContext& context) {
  auto shape = context.input_shape(0);
  if (shape && !shape->empty()) {
    if (const auto axis = normalized_axis(context, context.integer("axis", 0), shape->size())) {
      if (context.integer("keepdims", 1) != 0)
        (*shape)[static_cast<std::size_t>(*axis)] = 1;
      else
        shape->erase(shape->begin() + *axis);
    } else {
      shape.reset();
    }
  }
  context.set_output(0, DataType::Int64, std::move(shape));
}

void add_versions(OperatorTable& table, const char* name, const char* summary, KernelFunction kernel) {
  const Operator record =
      Operator(name, 1, OperatorKind::PoolingAndReduction)
          .summary(summary)
          .input("data", "T", "The tensor to search.")
          .output("reduced", "tensor(int64)", "Positions along the axis.")
          .attribute("axis", std::int64_t{0}, "Axis to search along.")
          .attribute("keepdims", std::int64_t{1}, "1 to keep the axis with size 1, 0 to drop it.")
          .constraint("T", types::numbers())
          .infer(infer_index)
          .kernel(kernel)
          .example("data = float[2, 3]{1, 5, 2, 7, 0, 3}; axis = 1")
          .cost(per_input_element(1));
  table.add(record);
  table.add(record.at(11));
  const Operator choosing = record.at(12).attribute("select_last_index", std::int64_t{0},
                                                    "1 to give the last of equal elements, 0 the first.");
  table.add(choosing);
  table.add(choosing.at(13).constraint("T", types::numbers_and_bfloat16()));
}

}  // namespace

void register_arg_reduction(OperatorTable& table) {
  add_versions(table, "ArgMax", "Position of the greatest element along an axis.",
               find_extreme<Extreme::Greatest>);
  add_versions(table, "ArgMin", "Position of the least element along an axis.", find_extreme<Extreme::Least>);
  for (const char* name : {"ArgMax", "ArgMin"}) table.note_change(name, 11, negative_axes_count);
}

}  // namespace lapidary
