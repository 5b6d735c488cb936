#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

void attention(Call& call) {
  auto& random = call.random;
  const std::int64_t batch = random.between(1, 2), key_heads = random.between(1, 2);
  const std::int64_t heads = key_heads * random.between(1, 2), size = random.between(1, 4),
                     value_size = random.between(1, 4);
  const std::int64_t queries = random.between(1, 5), keys = random.between(1, 5);
  const bool flat = random.chance(0.3);
  const auto sizes = [&](std::int64_t h, std::int64_t length, std::int64_t s) {
    return flat ? Dims{batch, length, h * s} : Dims{batch, h, length, s};
  };
  call.sized(sizes(heads, queries, size), Fill::Ordinary);
  call.sized(sizes(key_heads, keys, size), Fill::Ordinary);
  call.sized(sizes(key_heads, keys, value_size), Fill::Ordinary);
  const std::int64_t past = random.chance(0.3) ? random.between(1, 3) : 0;
  if (random.chance(0.5)) {
    call.given(random_tensor(random, call.input_type(3), {queries, past + keys}, Fill::Ordinary));
  } else {
    call.absent();
  }
  call.node.outputs.push_back(call.draft.fresh_name());
  if (past > 0) {
    call.sized({batch, key_heads, past, size}, Fill::Ordinary);
    call.sized({batch, key_heads, past, value_size}, Fill::Ordinary);
    for (int i = 0; i < 2; ++i) call.node.outputs.push_back(call.draft.fresh_name());
  }
  if (flat) {
    call.set("q_num_heads", heads);
    call.set("kv_num_heads", key_heads);
  }
  // ONNX Runtime lets a single query see all keys.
  if (queries > 1 || keys == 1) call.flag("is_causal");
  call.number("scale", 0.1, 1);
  if (random.chance(0.2)) call.set("softcap", 2.0f);
}

void rotary_embedding(Call& call) {
  auto& random = call.random;
  const std::int64_t batch = random.between(1, 2), heads = random.between(1, 3),
                     length = random.between(1, 4);
  const std::int64_t half = random.between(1, 3), rows = length + random.between(0, 2);
  const bool flat = random.chance(0.4), placed = random.chance(0.5);
  call.sized(flat ? Dims{batch, length, heads * 2 * half} : Dims{batch, heads, length, 2 * half});
  const Dims cache = placed ? Dims{rows, half} : Dims{batch, length, half};
  call.sized(cache, Fill::Ordinary);
  call.sized(cache, Fill::Ordinary);
  if (placed) {
    std::vector<std::int64_t> places;
    for (std::int64_t i = batch * length; i > 0; --i) places.push_back(random.below(rows));
    call.integers(places, Dims{batch, length});
  }
  if (flat) call.set("num_heads", heads);
  call.flag("interleaved");
}

}  // namespace

RecipeList attention_recipes() { return {{"Attention", attention}, {"RotaryEmbedding", rotary_embedding}}; }

}  // namespace lapidary::differential
