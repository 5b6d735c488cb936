#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

const std::int64_t one = 1, two = 2;
const std::pair<std::string, AttributeValue> two_heads{"num_heads", two}, causal{"unidirectional", one};

std::vector<ContributedCase> projected() {
  const Tensor x = noise({2, 3, 8}), w = scaled(noise({8, 24}, 2), 0.5), b = noise({24}, 3);
  const Tensor past = noise({2, 2, 2, 4, 4}, 4), bias = noise({2, 2, 3, 3}, 5);
  const Tensor qx = noise({2, 3, 8}, 1, DataType::UInt8), qw = noise({8, 24}, 2, DataType::Int8);
  return {
      {"", contributed("Attention", {two_heads}), {x, w, b}},
      {"causal", contributed("Attention", {two_heads, causal}), {x, w, b}},
      {"scale", contributed("Attention", {two_heads, {"scale", 0.3f}}), {x, w, b}},
      {"mask", contributed("Attention", {two_heads}), {x, w, b, int32s({2, 3}, {1, 1, 0, 1, 0, 1})}},
      {"mask for each query",
       contributed("Attention", {two_heads, {"mask_filter_value", -5.0f}}),
       {x, w, b, int32s({2, 3, 3}, {1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0})}},
      {"ends", contributed("Attention", {two_heads}), {x, w, b, int32s({2}, {2, 3})}},
      {"ends and beginnings", contributed("Attention", {two_heads}), {x, w, b, int32s({4}, {3, 2, 1, 0})}},
      {"past", contributed("Attention", {two_heads, causal}, "yy"), {x, w, b, {}, past}},
      {"past and mask",
       contributed("Attention", {two_heads, causal}, "yy"),
       {x, w, b, int32s({2, 7}, {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1}), past}},
      {"bias of scores", contributed("Attention", {two_heads}), {x, w, b, {}, {}, bias}},
      {"other size of values",
       contributed("Attention", {two_heads, {"qkv_hidden_sizes", list({8, 8, 4})}}),
       {x, noise({8, 20}, 2), noise({20}, 3)}},
      {"",
       contributed("QAttention", {two_heads}),
       {qx, qw, b, scalar(0.01f), scalar(0.01f), {}, byte(128), byte(3, DataType::Int8)}},
      {"causal, past",
       contributed("QAttention", {two_heads, causal}, "yy"),
       {qx, qw, b, scalar(0.01f), scalar(0.01f), {}, byte(120), byte(0, DataType::Int8), past}},
      {"mask, per column",
       contributed("QAttention", {two_heads}),
       {qx, qw, b, scalar(0.01f), scaled(noise({24}, 7), 0.004, 0.008), int32s({2, 3}, {1, 1, 0, 1, 1, 1}),
        byte(128), Tensor::of<std::int8_t>({24}, std::vector<std::int8_t>(24, 2))}},
  };
}

std::vector<ContributedCase> many_heads() {
  const Tensor q = noise({2, 3, 8}), k = noise({2, 5, 8}, 2), v = noise({2, 5, 8}, 3), b = noise({24}, 4);
  const Tensor self_k = noise({2, 3, 8}, 2), self_v = noise({2, 3, 8}, 3);
  const Tensor past_k = noise({2, 2, 4, 4}, 5), past_v = noise({2, 2, 4, 4}, 6);
  const char* op = "MultiHeadAttention";
  return {
      {"", contributed(op, {two_heads}), {q, k, v}},
      {"bias", contributed(op, {two_heads}), {q, k, v, b}},
      {"padding", contributed(op, {two_heads}), {q, k, v, b, int32s({2, 5}, {1, 1, 1, 0, 0, 1, 1, 1, 1, 0})}},
      {"lengths", contributed(op, {two_heads}), {q, k, v, b, int32s({2}, {3, 5})}},
      {"bias of scores", contributed(op, {two_heads}), {q, k, v, {}, {}, noise({1, 2, 3, 5}, 7)}},
      {"bias of scores for each sample",
       contributed(op, {two_heads}),
       {q, k, v, {}, {}, noise({2, 1, 3, 5}, 7)}},
      {"other size of values", contributed(op, {two_heads}), {q, k, noise({2, 5, 4}, 3)}},
      {"causal", contributed(op, {two_heads, causal}), {q, self_k, self_v}},
      {"packed", contributed(op, {two_heads}), {noise({2, 3, 2, 3, 4})}, {}, false},
      {"packed keys", contributed(op, {two_heads}), {q, noise({2, 5, 2, 2, 4}, 2)}, {}, false},
      {"heads of another sequence",
       contributed(op, {two_heads}),
       {q, noise({2, 2, 5, 4}, 2), noise({2, 2, 5, 4}, 3)}},
      {"past", contributed(op, {two_heads}, "yyy"), {q, self_k, self_v, b, {}, {}, past_k, past_v}},
      {"scale, past, mask",
       contributed(op, {two_heads, {"scale", 0.4f}}, "yyy"),
       {q,
        self_k,
        self_v,
        {},
        int32s({2, 7}, {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1}),
        {},
        past_k,
        past_v}},
      {"scores", contributed(op, {two_heads}, "yyyy"), {q, self_k, self_v, b}},
      {"masked scores",
       contributed(op, {two_heads}, "yyyy"),
       {q, k, v, b, int32s({2, 5}, {1, 1, 1, 0, 0, 1, 1, 1, 1, 0})}},
      {"present", contributed(op, {two_heads}, "yyy"), {q, self_k, self_v, b}},
  };
}

std::vector<ContributedCase> one_token() {
  const Tensor q = noise({2, 1, 8}), k = noise({2, 1, 8}, 2), v = noise({2, 1, 8}, 3), b = noise({24}, 4);
  const Tensor past_k = noise({2, 2, 4, 4}, 5), past_v = noise({2, 2, 4, 4}, 6),
               room_k = noise({2, 2, 6, 4}, 5), room_v = noise({2, 2, 6, 4}, 6);
  const std::pair<std::string, AttributeValue> shares{"past_present_share_buffer", one};
  const char* op = "DecoderMaskedMultiHeadAttention";
  return {
      {"buffer",
       contributed(op, {two_heads, shares}, "yyy"),
       {q, k, v, {}, {}, room_k, room_v, int32s({1}, {4})}},
      {"buffer, bias, mask",
       contributed(op, {two_heads, shares}, "yyy"),
       {q,
        k,
        v,
        int32s({2, 5}, {1, 0, 1, 1, 1, 1, 1, 1, 0, 1}),
        {},
        room_k,
        room_v,
        int32s({1}, {4}),
        {},
        {},
        b}},
      {"another sequence", contributed(op, {two_heads}), {q, noise({2, 2, 5, 4}, 2), noise({2, 2, 5, 4}, 3)}},
      {"another sequence, mask, scores",
       contributed(op, {two_heads, {"output_qk", one}}, "y--y"),
       {q, noise({2, 2, 5, 4}, 2), noise({2, 2, 5, 4}, 3), int32s({2, 5}, {1, 0, 1, 1, 1, 1, 1, 1, 0, 1})}},
      {"beams",
       contributed(op, {two_heads, shares}, "yyy"),
       {q,
        k,
        v,
        {},
        {},
        room_k,
        room_v,
        int32s({1}, {4}),
        int32s({1}, {2}),
        int32s({1, 2, 6}, {0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1})}},
      {"past", contributed(op, {two_heads}, "yyy"), {q, k, v, {}, {}, past_k, past_v}, {}, false},
  };
}

std::vector<ContributedCase> shared_heads() {
  const char* op = "GroupQueryAttention";
  const std::pair<std::string, AttributeValue> heads{"num_heads", std::int64_t{4}}, kv{"kv_num_heads", two};
  const std::pair<std::string, AttributeValue> rotary{"do_rotary", one}, window{"local_window_size", two};
  const Tensor q = noise({2, 3, 64}), k = noise({2, 3, 32}, 2), v = noise({2, 3, 32}, 3);
  const Tensor cos = noise({16, 8}, 4), sin = noise({16, 8}, 5), packed = noise({2, 3, 128}, 6);
  const Tensor lengths = int32s({2}, {2, 2}), total = int32s({1}, {3});
  const Tensor token = noise({2, 1, 64}, 7), token_k = noise({2, 1, 32}, 8), token_v = noise({2, 1, 32}, 9);
  const Tensor past_k = noise({2, 2, 6, 16}, 10), past_v = noise({2, 2, 6, 16}, 11);
  const Tensor no_past = Tensor(DataType::Float32, {2, 2, 0, 16});
  const Tensor step_lengths = int32s({2}, {4, 6}), step_total = int32s({1}, {7});
  return {
      {"prompt", contributed(op, {heads, kv}, "yyy"), {q, k, v, no_past, no_past, lengths, total}},
      {"prompt without past", contributed(op, {heads, kv}, "yyy"), {q, k, v, {}, {}, lengths, total}},
      {"prompt, rotated",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {q, k, v, {}, {}, lengths, total, cos, sin}},
      {"prompt, neighbours rotated",
       contributed(op, {heads, kv, rotary, {"rotary_interleaved", one}}, "yyy"),
       {q, k, v, {}, {}, lengths, total, cos, sin}},
      {"packed", contributed(op, {heads, kv}, "yyy"), {packed, {}, {}, {}, {}, lengths, total}},
      {"packed, rotated",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {packed, {}, {}, {}, {}, lengths, total, cos, sin}},
      {"window", contributed(op, {heads, kv, window}, "yyy"), {q, k, v, {}, {}, lengths, total}},
      {"softcap, scale",
       contributed(op, {heads, kv, {"softcap", 0.5f}, {"scale", 0.7f}}, "yyy"),
       {q, k, v, {}, {}, lengths, total}},
      {"smooth",
       contributed(op, {heads, kv, {"smooth_softmax", one}}, "yyy"),
       {q, k, v, {}, {}, lengths, total}},
      {"sink",
       contributed(op, {heads, kv}, "yyy"),
       {q, k, v, {}, {}, lengths, total, {}, {}, {}, {}, noise({4}, 12)}},
      {"bias of scores",
       contributed(op, {heads, kv}, "yyy"),
       {q, k, v, {}, {}, lengths, total, {}, {}, {}, noise({2, 4, 3, 3}, 13)}},
      {"token",
       contributed(op, {heads, kv}, "yyy"),
       {token, token_k, token_v, past_k, past_v, step_lengths, step_total}},
      {"token, rotated",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {token, token_k, token_v, past_k, past_v, step_lengths, step_total, cos, sin}},
      {"token, window",
       contributed(op, {heads, kv, window}, "yyy"),
       {token, token_k, token_v, past_k, past_v, step_lengths, step_total}},
      {"several tokens",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {noise({1, 3, 64}), noise({1, 3, 32}, 2), noise({1, 3, 32}, 3), noise({1, 2, 4, 16}, 10),
        noise({1, 2, 4, 16}, 11), int32s({1}, {6}), int32s({1}, {7}), cos, sin}},
      {"float16",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {half(q), half(k), half(v), {}, {}, lengths, total, half(cos), half(sin)},
       {},
       true,
       1e-2,
       1e-2},
      {"positions",
       contributed(op, {heads, kv, rotary}, "yyy"),
       {q, k, v, {}, {}, lengths, total, cos, sin, Tensor::of<std::int64_t>({2, 3}, {0, 1, 2, 0, 1, 2})}},
      {"scores", contributed(op, {heads, kv, {"qk_output", one}}, "yyyy"), {q, k, v, {}, {}, lengths, total}},
      {"probabilities",
       contributed(op, {heads, kv, {"qk_output", two}}, "yyyy"),
       {q, k, v, {}, {}, lengths, total}},
      {"scores with window and bias",
       contributed(op, {heads, kv, window, {"qk_output", one}}, "yyyy"),
       {q, k, v, {}, {}, lengths, total, {}, {}, {}, noise({1, 1, 3, 3}, 13)}},
      {"prompts of different lengths",
       contributed(op, {heads, kv}, "-yy"),
       {q, k, v, {}, {}, int32s({2}, {1, 2}), total},
       {},
       false},
  };
}

std::vector<ContributedCase> rotations() {
  const Tensor x = noise({2, 3, 16}), heads = noise({2, 2, 3, 8}), cos = noise({10, 4}, 2),
               sin = noise({10, 4}, 3);
  const Tensor positions = Tensor::of<std::int64_t>({2, 3}, {1, 4, 2, 0, 9, 3});
  const char* op = "RotaryEmbedding";
  return {
      {"", contributed(op), {x, positions, cos, sin}},
      {"from the first", contributed(op), {x, ints({2}), cos, sin}},
      {"heads", contributed(op), {heads, positions, cos, sin}},
      {"neighbours", contributed(op, {{"interleaved", one}}), {x, positions, cos, sin}},
      {"float16", contributed(op), {half(x), positions, half(cos), half(sin)}, {}, true, 1e-2, 1e-2},
      {"part of a head",
       contributed(op, {{"num_heads", two}, {"rotary_embedding_dim", std::int64_t{4}}}),
       {x, positions, noise({10, 2}, 2), noise({10, 2}, 3)}},
  };
}

std::vector<ContributedCase> without_padding() {
  const Tensor offsets = int32s({2, 3}, {0, 1, 3, 4, 5, 2}), sums = int32s({3}, {0, 2, 5});
  return {
      {"",
       contributed("PackedAttention", {two_heads}),
       {noise({5, 8}), noise({8, 24}, 2), noise({24}, 3), offsets, sums},
       {},
       false},
      {"bias of scores",
       contributed("PackedAttention", {two_heads}),
       {noise({5, 8}), noise({8, 24}, 2), noise({24}, 3), offsets, sums, noise({1, 2, 3, 3}, 4)},
       {},
       false},
      {"",
       contributed("PackedMultiHeadAttention", {two_heads}),
       {noise({5, 8}), noise({5, 8}, 2), noise({5, 8}, 3), noise({24}, 4), offsets, sums},
       {},
       false},
      {"packed",
       contributed("PackedMultiHeadAttention", {two_heads}),
       {noise({5, 2, 3, 4}), {}, {}, {}, offsets, sums},
       {},
       false},
  };
}

std::vector<ContributedCase> all() {
  auto rows = projected();
  for (auto&& more : {many_heads(), one_token(), shared_heads(), rotations(), without_padding()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

Tensor part(const Tensor& tensor, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  return run_kernel_once(node("Slice", {"x", "b", "e", "a"}, {"y"}),
                         {tensor, ints({begin}), ints({end}), ints({axis})});
}

}  // namespace

/// Attention in all its contributed forms.
class MicrosoftAttentionTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  /// Projection, attention and cache are those of the standard's operators.
  void isProjectionAndStandardAttention() {
    const Tensor x = noise({1, 3, 4}), w = noise({4, 12}, 2), b = noise({12}, 3);
    const Tensor sum = run_kernel_once(node("Add", {"a", "b"}, {"y"}),
                                       {run_kernel_once(node("MatMul", {"a", "b"}, {"y"}), {x, w}), b});
    const Tensor want =
        run_kernel_once(node("Attention", {"q", "k", "v"}, {"y"},
                             {{"q_num_heads", two}, {"kv_num_heads", two}, {"is_causal", one}}),
                        {part(sum, 2, 0, 4), part(sum, 2, 4, 8), part(sum, 2, 8, 12)});
    COMPARE_TENSORS(
        run_kernel_once(node("Attention", {"x", "w", "b"}, {"y"}, {two_heads, causal}, "com.microsoft"),
                        {x, w, b}),
        want);
    for (const char* op_type : {"MultiHeadAttention", "DecoderMaskedMultiHeadAttention"}) {
      const Tensor q = noise({1, 1, 4}), k = noise({1, 1, 4}, 2), v = noise({1, 1, 4}, 3);
      COMPARE_TENSORS(
          run_kernel_once(node(op_type, {"q", "k", "v"}, {"y"}, {two_heads}, "com.microsoft"), {q, k, v}), v);
    }
  }
  void sharesHeadsAsTheStandardDoes() {
    const Tensor q = noise({1, 3, 8}), k = noise({1, 3, 4}, 2), v = noise({1, 3, 4}, 3);
    const std::pair<std::string, AttributeValue> kv{"kv_num_heads", two};
    const Tensor want = run_kernel_once(
        node("Attention", {"q", "k", "v"}, {"y"}, {{"q_num_heads", std::int64_t{4}}, kv, {"is_causal", one}}),
        {q, k, v});
    COMPARE_TENSORS(run_kernel_once(node("GroupQueryAttention", {"q", "k", "v", "", "", "n", "t"}, {"y"},
                                         {{"num_heads", std::int64_t{4}}, kv}, "com.microsoft"),
                                    {q, k, v, {}, {}, int32s({1}, {2}), int32s({}, {3})}),
                    want);
  }
  void seesNothingOfTheNextSequence() {
    const Tensor rows = noise({5, 4});
    const Tensor y = run_kernel_once(
        node("PackedMultiHeadAttention", {"q", "k", "v", "", "o", "s"}, {"y"}, {two_heads}, "com.microsoft"),
        {rows, rows, rows, {}, int32s({2, 3}, {0, 1, 3, 4, 5, 2}), int32s({3}, {0, 2, 5})});
    const Tensor first = part(rows, 0, 0, 2).reshaped({1, 2, 4});
    const Tensor want =
        run_kernel_once(node("MultiHeadAttention", {"q", "k", "v"}, {"y"}, {two_heads}, "com.microsoft"),
                        {first, first, first});
    COMPARE_TENSORS(part(y, 0, 0, 2), want.reshaped({2, 4}));
  }
  void multipliesQuantizedTokens() {
    const Tensor y = run_kernel_once(node("QAttention", {"x", "w", "b", "xs", "ws", "", "xz"}, {"y"},
                                          {{"num_heads", one}}, "com.microsoft"),
                                     {Tensor::of<std::uint8_t>({1, 1, 1}, {130}),
                                      Tensor::of<std::int8_t>({1, 3}, {1, 1, 2}),
                                      reals({0, 0, 0.25f}),
                                      scalar(0.5f),
                                      scalar(1),
                                      {},
                                      byte(128)});
    COMPARE_TENSORS(y, Tensor::of<float>({1, 1, 1}, {2.25f}));
  }
  void rotatesByAQuarter() {
    const Tensor y =
        run_kernel_once(node("RotaryEmbedding", {"x", "p", "c", "s"}, {"y"}, {}, "com.microsoft"),
                        {Tensor::of<float>({1, 1, 2}, {1, 2}), ints({1}), Tensor::of<float>({2, 1}, {1, 0}),
                         Tensor::of<float>({2, 1}, {0, 1})});
    COMPARE_TENSORS(y, Tensor::of<float>({1, 1, 2}, {-2, 1}));
  }
};

QTEST_GUILESS_MAIN(MicrosoftAttentionTest)
#include "attention_test.moc"
