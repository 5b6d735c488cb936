#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

void loss(Call& call) {
  const Tensor scores = call.any(2, 4);
  if (scores.size() == 0) throw Unsuitable();
  require_finite(scores);
  const std::int64_t classes = scores.dims()[1];
  Dims dims = scores.dims();
  dims.erase(dims.begin() + 1);
  std::vector<std::int64_t> targets;
  for (std::int64_t i = element_count(dims); i > 0; --i) targets.push_back(call.random.below(classes));
  call.integers(targets, dims);
  if (call.random.chance(0.4)) call.sized({classes}, Fill::Positive);
  call.word("reduction", {"none", "sum", "mean"});
  if (call.random.chance(0.2)) call.set("ignore_index", std::int64_t{0});
}

void window(Call& call) {
  call.integers({call.random.between(1, 12)}, Dims{});
  call.flag("periodic");
}

void fourier(Call& call) {
  const std::int64_t length = call.random.between(1, 8);
  call.sized({call.random.between(1, 2), length, call.random.between(1, 2)}, Fill::Ordinary);
  if (call.version() < 20) call.set("axis", std::int64_t{1});
  call.flag("onesided");
  for (const auto& attribute : call.node.attributes)
    if (attribute.name == "onesided" && call.input(0).dims()[2] == 2) throw Unsuitable();
}

void bit_cast(Call& call) {
  const Tensor x = call.any();
  if (x.is_string()) throw Unsuitable();
  std::vector<std::int64_t> types;
  for (const DataType to : call.permitted(call.record.outputs.at(0).type))
    if (bits_of(to) == bits_of(x.type()) && is_integer(to)) types.push_back(static_cast<std::int64_t>(to));
  if (types.empty()) throw Unsuitable();
  call.set("to", call.random.pick(types));
}

void tensor_scatter(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), most = call.random.between(3, 6),
                     length = call.random.between(1, 3);
  const std::int64_t size = call.random.between(1, 3);
  call.sized({batch, most, size});
  call.sized({batch, length, size});
  std::vector<std::int64_t> begins;
  for (std::int64_t i = 0; i < batch; ++i) begins.push_back(call.random.below(most - length + 1));
  if (call.random.chance(0.7)) call.integers(begins);
  call.word("mode", {"linear", "circular"});
}

void strings_joined(Call& call) {
  const Tensor x = call.any();
  call.sized(broadcastable(call.random, x.dims()));
}

void strings_split(Call& call) {
  const Tensor x = call.any(1, 2);
  if (x.size() == 0) throw Unsuitable();
  if (call.random.chance(0.5)) call.set("delimiter", std::string("a"));
  if (call.random.chance(0.3)) call.set("maxsplit", std::int64_t{1});
}

void expression(Call& call) {
  call.any();
  call.set("pattern", call.random.pick(std::vector<std::string>{"a.*", "[0-9]+", "(a|b)*", "-?[0-9.]+"}));
}

void split_to_sequence(Call& call) {
  const Tensor x = call.any(1, 3);
  if (x.size() == 0) throw Unsuitable();
  call.set("axis", call.axis(x.rank()));
  if (call.random.chance(0.4))
    call.integers({call.random.between(1, 3)}, Dims{});
  else
    call.flag("keepdims");
}

}  // namespace

RecipeList other_recipes() {
  return {{"NegativeLogLikelihoodLoss", loss},
          {"SoftmaxCrossEntropyLoss", loss},
          {"HannWindow", window},
          {"HammingWindow", window},
          {"BlackmanWindow", window},
          {"DFT", fourier},
          {"BitCast", bit_cast},
          {"TensorScatter", tensor_scatter},
          {"StringConcat", strings_joined},
          {"StringSplit", strings_split},
          {"RegexFullMatch", expression},
          {"SplitToSequence", split_to_sequence}};
}

}  // namespace lapidary::differential
