#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

void with_bias(Call& call) {
  const Tensor x = call.any(1, 4);
  call.optional({x.dims().back()}, call.record.name == "BiasGelu" ? 1 : 0.6);
}

void one_tensor(Call& call) {
  call.any(0, 4);
  call.number("alpha", 0.5, 2);
}

void product(Call& call) {
  const bool turned_a = call.random.chance(0.3), turned_b = call.random.chance(0.3);
  const Tensor a = call.any(2, 4);
  const std::size_t rank = a.dims().size();
  const std::int64_t inner = a.dims()[turned_a ? rank - 2 : rank - 1], columns = call.random.between(1, 6);
  Dims b = call.random.chance(0.5) ? Dims(a.dims().begin(), a.dims().end() - 2) : Dims{};
  b.push_back(turned_b ? columns : inner);
  b.push_back(turned_b ? inner : columns);
  call.sized(b);
  if (turned_a) call.set("transA", std::int64_t{1});
  if (turned_b) call.set("transB", std::int64_t{1});
  call.number("alpha", 0.5, 2);
}

void activated_product(Call& call) {
  product(call);
  call.set("activation", call.random.pick(std::vector<std::string>{"Relu", "Tanh", "Sigmoid", "Softplus"}));
}

void activated_gemm(Call& call) {
  const std::int64_t rows = call.random.between(1, 5), inner = call.random.between(1, 9),
                     columns = call.random.between(1, 5);
  const bool turned = call.random.chance(0.4);
  call.sized({rows, inner});
  call.sized(turned ? Dims{columns, inner} : Dims{inner, columns});
  call.optional({columns});
  if (turned) call.set("transB", std::int64_t{1});
  call.number("alpha", 0.5, 2);
  call.set("activation", call.random.pick(std::vector<std::string>{"Relu", "Tanh", "Sigmoid", "LeakyRelu"}));
  call.set("activation_alpha", 0.1f);
}

void activated_convolution(Call& call) {
  const bool last = call.record.name.starts_with("Nhwc");
  const std::int64_t group = call.random.between(1, 2), channels = group * call.random.between(1, 4),
                     filters = group * call.random.between(1, 4);
  const std::int64_t height = call.random.between(3, 8), width = call.random.between(3, 8);
  const std::int64_t kernel = call.random.between(1, 3), pad = call.random.below(kernel);
  call.sized(last ? Dims{1, height, width, channels} : Dims{1, channels, height, width}, Fill::Ordinary);
  call.sized({filters, channels / group, kernel, kernel}, Fill::Ordinary);
  const bool adds = call.has_parameter(3) && call.random.chance(0.4);
  if (adds || call.random.chance(0.6)) call.sized({filters}, Fill::Ordinary);
  if (adds) {
    const std::int64_t rows = height + 2 * pad - kernel + 1, columns = width + 2 * pad - kernel + 1;
    call.sized(last ? Dims{1, rows, columns, filters} : Dims{1, filters, rows, columns}, Fill::Ordinary);
  }
  call.set("kernel_shape", std::vector<std::int64_t>{kernel, kernel});
  call.set("pads", std::vector<std::int64_t>(4, pad));
  call.set("group", group);
  if (!call.record.find_attribute("activation")) return;
  const std::string activation =
      call.random.pick(std::vector<std::string>{"Relu", "Tanh", "Sigmoid", "LeakyRelu", "Clip"});
  call.set("activation", activation);
  if (activation == "LeakyRelu") call.set("activation_params", std::vector<float>{0.1f});
  if (activation == "Clip") call.set("activation_params", std::vector<float>{-0.5f, 1});
}

void skip_normalization(Call& call) {
  const std::int64_t hidden = call.random.between(1, 17);
  const Dims dims = {call.random.between(1, 3), call.random.between(1, 4), hidden};
  call.sized(dims);
  call.sized(dims);
  call.sized({hidden}, Fill::Ordinary);
  for (std::size_t i = 3; i < call.record.inputs.size(); ++i) call.optional({hidden});
  call.number("epsilon", 1e-5, 1e-2);
  call.node.outputs = {call.draft.fresh_name()};  // statistics are for training
  if (call.random.chance(0.4)) {
    call.node.outputs.resize(4);
    call.node.outputs[3] = call.draft.fresh_name();
  }
}

void simplified_normalization(Call& call) {
  const Tensor x = call.any(1, 4);
  if (x.size() == 0) throw Unsuitable();
  call.sized({x.dims().back()}, Fill::Ordinary);
  call.number("epsilon", 1e-5, 1e-2);
  call.node.outputs = {call.draft.fresh_name()};
}

void channel_normalization(Call& call) {
  const std::int64_t groups = call.random.between(1, 3), channels = groups * call.random.between(1, 3);
  const bool skips = call.record.name == "SkipGroupNorm";
  const Dims dims = {call.random.between(1, 2), call.random.between(1, 4), call.random.between(1, 4),
                     channels};
  call.sized(dims, Fill::Ordinary);
  call.sized({channels}, Fill::Ordinary);
  call.sized({channels}, Fill::Ordinary);
  if (skips) {
    call.sized(dims, Fill::Ordinary);
    call.optional({channels});
  }
  call.set("groups", groups);
  call.set("activation", call.random.below(2));
}

void distances(Call& call) {
  const std::int64_t width = call.random.between(1, 5);
  call.sized({call.random.between(1, 5), width});
  call.sized({call.random.between(1, 5), width});
  call.word("metric", {"euclidean", "sqeuclidean"});
}

// --- attention ---

void self_attention(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), length = call.random.between(1, 5),
                     heads = call.random.between(1, 3), size = call.random.between(1, 4),
                     width = call.random.between(1, 6);
  call.sized({batch, length, width}, Fill::Ordinary);
  call.sized({width, 3 * heads * size}, Fill::Ordinary);
  call.sized({3 * heads * size}, Fill::Ordinary);
  if (call.random.chance(0.4)) {
    std::vector<std::int64_t> mask;
    for (std::int64_t i = 0; i < batch * length; ++i)
      mask.push_back(i % length == 0 ? 1 : call.random.below(2));
    call.integers(mask, Dims{batch, length});
  }
  call.set("num_heads", heads);
  call.flag("unidirectional");
  call.number("scale", 0.1, 1);
  call.node.outputs = {call.draft.fresh_name()};
}

void multi_head_attention(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), queries = call.random.between(1, 5),
                     keys = call.random.between(1, 5), heads = call.random.between(1, 3),
                     size = call.random.between(1, 4), value_size = call.random.between(1, 4);
  call.sized({batch, queries, heads * size}, Fill::Ordinary);
  call.sized({batch, keys, heads * size}, Fill::Ordinary);
  call.sized({batch, keys, heads * value_size}, Fill::Ordinary);
  if (call.random.chance(0.3))
    call.sized({heads * (2 * size + value_size)}, Fill::Ordinary);
  else
    call.absent();
  if (call.random.chance(0.3)) {
    std::vector<std::int64_t> mask;
    for (std::int64_t i = 0; i < batch * keys; ++i) mask.push_back(i % keys == 0 ? 1 : call.random.below(2));
    call.integers(mask, Dims{batch, keys});
  } else {
    call.absent();
  }
  call.optional({call.random.chance(0.5) ? batch : 1, heads, queries, keys}, 0.3);
  call.set("num_heads", heads);
  call.number("scale", 0.1, 1);
  call.node.outputs = {call.draft.fresh_name()};
}

void grouped_attention(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), key_heads = call.random.between(1, 2),
                     heads = key_heads * call.random.between(1, 2), size = 2 * call.random.between(1, 4),
                     length = call.random.between(1, 4);
  const std::int64_t past = call.random.chance(0.5) ? call.random.between(1, 4) : 0;
  call.sized({batch, length, heads * size}, Fill::Ordinary);
  call.sized({batch, length, key_heads * size}, Fill::Ordinary);
  call.sized({batch, length, key_heads * size}, Fill::Ordinary);
  for (int i = 0; i < 2; ++i) {
    if (past > 0)
      call.sized({batch, key_heads, past, size}, Fill::Ordinary);
    else
      call.absent();
  }
  call.integers(std::vector<std::int64_t>(static_cast<std::size_t>(batch), past + length - 1), Dims{batch});
  call.integers({past + length}, Dims{});
  if (call.random.chance(0.4)) {
    call.sized({past + length + 2, size / 2}, Fill::Ordinary);
    call.sized({past + length + 2, size / 2}, Fill::Ordinary);
    call.set("do_rotary", std::int64_t{1});
    call.flag("rotary_interleaved");
  }
  call.set("num_heads", heads);
  call.set("kv_num_heads", key_heads);
  call.number("scale", 0.1, 1);
  if (call.random.chance(0.2)) call.set("softcap", 2.0f);
  if (call.random.chance(0.2)) call.set("local_window_size", call.random.between(1, 4));
  call.node.outputs = {call.draft.fresh_name(), call.draft.fresh_name(), call.draft.fresh_name()};
}

void rotation(Call& call) {
  const std::int64_t batch = call.random.between(1, 2), heads = call.random.between(1, 3),
                     length = call.random.between(1, 4), half = call.random.between(1, 3),
                     rows = length + call.random.between(0, 2);
  call.sized({batch, length, heads * 2 * half});
  std::vector<std::int64_t> places;
  for (std::int64_t i = batch * length; i > 0; --i) places.push_back(call.random.below(rows));
  call.integers(places, Dims{batch, length});
  call.sized({rows, half}, Fill::Ordinary);
  call.sized({rows, half}, Fill::Ordinary);
  call.flag("interleaved");
}

}  // namespace

RecipeList microsoft_recipes() {
  return {{"com.microsoft.Gelu", one_tensor},
          {"com.microsoft.QuickGelu", one_tensor},
          {"com.microsoft.FastGelu", with_bias},
          {"com.microsoft.BiasGelu", with_bias},
          {"com.microsoft.FusedMatMul", product},
          {"com.microsoft.TransposeMatMul", product},
          {"com.microsoft.FusedMatMulActivation", activated_product},
          {"com.microsoft.FusedGemm", activated_gemm},
          {"com.microsoft.FusedConv", activated_convolution},
          {"com.microsoft.NhwcConv", activated_convolution},
          {"com.microsoft.NhwcFusedConv", activated_convolution},
          {"com.microsoft.SkipLayerNormalization", skip_normalization},
          {"com.microsoft.SkipSimplifiedLayerNormalization", skip_normalization},
          {"SimplifiedLayerNormalization", simplified_normalization},
          {"com.microsoft.GroupNorm", channel_normalization},
          {"com.microsoft.SkipGroupNorm", channel_normalization},
          {"com.microsoft.CDist", distances},
          {"com.microsoft.Attention", self_attention},
          {"com.microsoft.MultiHeadAttention", multi_head_attention},
          {"com.microsoft.GroupQueryAttention", grouped_attention},
          {"com.microsoft.RotaryEmbedding", rotation}};
}

}  // namespace lapidary::differential
