#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

std::int64_t channels_of(const Tensor& x) {
  if (x.rank() < 2 || x.size() == 0) throw Unsuitable();
  return x.dims()[1];
}

void batch_normalization(Call& call) {
  if (call.version() < 7) return from_example(call);  // what training gives is another thing there
  const std::int64_t channels = channels_of(call.any(2, 5));
  for (int i = 0; i < 3; ++i) call.sized({channels}, Fill::Ordinary);
  call.sized({channels}, Fill::Positive);
  call.number("epsilon", 1e-5, 1e-2);
  call.node.outputs = {call.draft.fresh_name()};
}

void instance_normalization(Call& call) {
  const std::int64_t channels = channels_of(call.any(3, 5));
  call.sized({channels});
  call.sized({channels});
  call.number("epsilon", 1e-5, 1e-2);
}

void layer_normalization(Call& call) {
  const Tensor x = call.any(1, 4);
  if (x.size() == 0) throw Unsuitable();
  const std::int64_t axis = call.axis(x.rank());
  const Dims normalized(x.dims().begin() + static_cast<std::ptrdiff_t>(axis < 0 ? axis + x.rank() : axis),
                        x.dims().end());
  call.sized(normalized);
  if (call.record.name == "LayerNormalization") call.optional(normalized);
  call.set("axis", axis);
  call.number("epsilon", 1e-5, 1e-2);
}

void group_normalization(Call& call) {
  const Tensor x = call.any(3, 4);
  const std::int64_t channels = channels_of(x);
  std::vector<std::int64_t> groups = {1, channels};
  if (channels % 2 == 0) groups.push_back(2);
  const std::int64_t group = call.random.pick(groups);
  call.sized({call.version() >= 21 ? channels : group});
  call.sized({call.version() >= 21 ? channels : group});
  call.set("num_groups", group);
}

void local_response(Call& call) {
  channels_of(call.any(3, 4));
  call.set("size", 2 * call.random.between(0, 2) + 1);
  call.number("alpha", 1e-4, 1);
  call.number("beta", 0.5, 1);
  call.number("bias", 0.5, 2);
}

void lp_normalization(Call& call) {
  const Tensor x = call.any(1, 4);
  call.set("axis", call.axis(x.rank()));
  call.set("p", call.random.between(1, 2));
}

void mean_variance(Call& call) { channels_of(call.any(4, 4)); }

}  // namespace

RecipeList normalization_recipes() {
  return {{"BatchNormalization", batch_normalization}, {"InstanceNormalization", instance_normalization},
          {"LayerNormalization", layer_normalization}, {"RMSNormalization", layer_normalization},
          {"GroupNormalization", group_normalization}, {"LRN", local_response},
          {"LpNormalization", lp_normalization},       {"MeanVarianceNormalization", mean_variance}};
}

}  // namespace lapidary::differential
