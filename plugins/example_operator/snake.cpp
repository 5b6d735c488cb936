#include <cmath>

#include "engine/ops/compute_buffer.h"
#include "engine/ops/cost.h"
#include "engine/ops/types.h"
#include "engine/runtime/plugin.h"

// Snake, the periodic activation of neural vocoders (Ziyin, Hartwig, Ueda: Neural Networks Fail to Learn
// Periodic Functions and How to Fix It, 2020), as an operator of its own domain: y = x + sin²(αx) / α, with
// an α for each channel.

namespace {

using namespace lapidary;

void snake(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& alpha = context.input(1);
  if (x.rank() < 2 || alpha.rank() != 1 || alpha.size() != x.dims()[1])
    throw Error("alpha " + to_string(alpha.dims()) + " must have one element for each channel of X " +
                to_string(x.dims()));
  Tensor& y = context.output(0, x.type(), x.dims());
  const std::int64_t channels = alpha.size();
  const std::int64_t inner = x.size() == 0 ? 0 : x.size() / (x.dims()[0] * channels);
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x), rates(alpha);
    ComputeOutput<T> result(y);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const auto rate = rates[i / inner % channels];
      const auto wave = std::sin(rate * values[i]);
      result[i] = values[i] + wave * wave / rate;
    }
    result.store();
  });
}

void infer_snake(InferenceContext& context) {
  same_as_input(context);
  const auto &x = context.input_shape(0), &alpha = context.input_shape(1);
  if (x && x->size() < 2)
    context.report("X has no axis of channels: it has rank " + std::to_string(x->size()));
  if (alpha && alpha->size() != 1) context.report("alpha must be a vector with an element for each channel");
  if (!x || !alpha || x->size() < 2 || alpha->size() != 1) return;
  const Dimension &channels = (*x)[1], &given = (*alpha)[0];
  if (channels.is_constant() && given.is_constant() && channels.value() != given.value())
    context.report("alpha has " + std::to_string(given.value()) + " elements for " +
                   std::to_string(channels.value()) + " channels");
}

void fill(PluginContents& contents) {
  contents.operators.push_back(
      Operator("Snake", 1, OperatorKind::Activation, "org.example")
          .summary("x + sin²(αx) / α, element by element, with an α for each channel.")
          .input("X", "T", "Values [N, C, …].")
          .input("alpha", "T", "Frequencies [C], none of them 0.")
          .output("Y", "T", "Values of the same shape.")
          .constraint("T", types::floats_and_bfloat16())
          .infer(infer_snake)
          .kernel(snake)
          .cost(per_element(5))
          .example("X = float[1, 2, 3]{0, 0.5, 1, 0, 0.5, 1}; alpha = float[2]{1, 2}"));
}

}  // namespace

LAPIDARY_PLUGIN(fill)
