#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Gates saturate: what extreme weights leave of one another is each engine's own affair.
void weights(Call& call, const Dims& dims) {
  call.sized(dims, call.draft.fill == Fill::Edges ? std::optional(Fill::Ordinary) : std::nullopt);
}

void optional_state(Call& call, const Dims& dims) {
  if (call.random.chance(0.4))
    weights(call, dims);
  else
    call.absent();
}

void recurrent(Call& call) {
  const std::int64_t gates = call.record.name == "LSTM" ? 4 : call.record.name == "GRU" ? 3 : 1;
  if (call.version() < 7) return from_example(call);
  const Tensor x = call.any(3, 3);
  if (x.size() == 0) throw Unsuitable();
  const bool batch_first = call.record.find_attribute("layout") && call.random.chance(0.15);
  const std::int64_t steps = x.dims()[batch_first ? 1 : 0], batch = x.dims()[batch_first ? 0 : 1];
  const std::int64_t features = x.dims()[2], hidden = call.random.between(1, 5);
  const std::string direction =
      call.random.pick(std::vector<std::string>{"forward", "reverse", "bidirectional"});
  const std::int64_t directions = direction == "bidirectional" ? 2 : 1;
  weights(call, {directions, gates * hidden, features});
  weights(call, {directions, gates * hidden, hidden});
  call.optional({directions, 2 * gates * hidden});
  if (call.random.chance(0.3)) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t i = 0; i < batch; ++i) lengths.push_back(call.random.between(1, steps));
    call.integers(lengths);
  } else {
    call.absent();
  }
  const Dims state = batch_first ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden};
  optional_state(call, state);
  if (gates == 4) {
    optional_state(call, state);
    call.optional({directions, 3 * hidden}, 0.3);
    if (call.random.chance(0.1)) call.set("input_forget", std::int64_t{1});
  }
  if (gates == 3 && call.record.find_attribute("linear_before_reset")) call.flag("linear_before_reset");
  call.set("hidden_size", hidden);
  call.set("direction", direction);
  if (batch_first) call.set("layout", std::int64_t{1});
  if (call.random.chance(0.2)) call.set("clip", 1.5f);
}

}  // namespace

RecipeList recurrent_recipes() { return {{"LSTM", recurrent}, {"GRU", recurrent}, {"RNN", recurrent}}; }

}  // namespace lapidary::differential
