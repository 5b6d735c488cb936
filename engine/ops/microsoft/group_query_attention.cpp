#include <limits>

#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"
#include "engine/ops/working_memory.h"

namespace lapidary::microsoft {
namespace {

/// GroupQueryAttention: several query heads share a head of keys and values, sequences of different lengths
/// stand left-aligned in one cache, and tokens may be rotated by their position.

constexpr double hidden_score = std::numeric_limits<float>::lowest();

/// Queries, keys and values as heads; packed side by side in the query where there is no key.
AttentionCall read_heads(const KernelContext& context, std::int64_t heads, std::int64_t kv_heads) {
  const Tensor& query = context.input(0);
  if (query.rank() != 3) throw Error("query needs rank 3, not " + to_string(query.dims()));
  AttentionCall call;
  if (context.has_input(1)) {
    call.query = split_heads(query, heads);
    call.key = split_heads(context.input(1), kv_heads), call.value = split_heads(context.input(2), kv_heads);
    return call;
  }
  const Tensor packed = split_heads(query, heads + 2 * kv_heads);
  call.query = section(packed, 1, 0, heads);
  call.key = section(packed, 1, heads, kv_heads);
  call.value = section(packed, 1, heads + kv_heads, kv_heads);
  return call;
}

/// How the sequences stand: their tokens in all, and those that were there before.
struct Sequences {
  std::int64_t batch, length;  ///< length: new tokens of each
  std::int64_t kept;           ///< rows of the present cache
  std::vector<std::int64_t> totals, pasts;
};

Sequences read_sequences(const KernelContext& context, const Dims& query) {
  const std::int64_t total = single_integer(context, 6);
  if (total < 0) throw Error("total_sequence_length is " + std::to_string(total));
  Sequences s{query[0], query[2], total, {}, {}};
  if (context.has_input(3)) s.kept = std::max(total, input_of_rank(context, 3, 4).dims()[2]);
  const bool is_prompt = s.length == total;
  for (const std::int64_t last : context.integers(5)) {
    if (last < -1 || last >= s.kept) throw Error("sequence lengths do not fit the cache");
    s.totals.push_back(last + 1);
    s.pasts.push_back(is_prompt ? 0 : last + 1 - s.length);
  }
  if (static_cast<std::int64_t>(s.totals.size()) != s.batch)
    throw Error("seqlens_k needs one number a sequence");
  for (const std::int64_t past : s.pasts)
    if (past < 0 || past + s.length > s.kept) throw Error("sequence lengths do not fit the cache");
  return s;
}

/// Positions of the new tokens [B, S]; what is padding in a prompt has position 1.
Tensor token_positions(const KernelContext& context, const Sequences& s) {
  if (context.has_input(9) && context.input(9).size() == s.batch * s.length) return context.input(9);
  Tensor positions(DataType::Int64, {s.batch, s.length});
  for (std::int64_t i = 0; i < positions.size(); ++i) {
    const std::int64_t b = i / s.length, position = s.pasts[b] + i % s.length;
    positions.mutable_data<std::int64_t>()[i] = position < s.totals[b] ? position : 1;
  }
  return positions;
}

Tensor rotated(const KernelContext& context, const Tensor& heads, const Tensor& positions) {
  return compute(context, "RotaryEmbedding", {heads, context.input(7), context.input(8), positions},
                 {{"interleaved", context.integer("rotary_interleaved", 0)},
                  {"rotary_embedding_dim", 2 * input_of_rank(context, 7, 2).dims()[1]}});
}

/// The cache [B, Nkv, kept, H]: each sequence's earlier rows, then its new ones; zeros behind.
Tensor extended_cache(const Tensor& past, const Tensor& now, const Sequences& s) {
  const Dims& dims = now.dims();
  if (dims[0] != s.batch || dims[2] != s.length) throw Error(to_string(dims) + " does not fit the queries");
  if (past.is_present()) {
    require_rank(past, 4);
    if (past.type() != now.type() || past.dims() != Dims{dims[0], dims[1], past.dims()[2], dims[3]})
      throw Error("a past of " + to_string(past.dims()) + " does not fit " + to_string(dims));
  }
  Tensor cache = zeros_like(now, {dims[0], dims[1], s.kept, dims[3]});
  dispatch_by_size(now.type(), [&]<class T>() {
    T* to = mutable_elements<T>(cache);
    const T *fresh = elements<T>(now), *old = past.is_present() ? elements<T>(past) : nullptr;
    const std::int64_t old_rows = past.is_present() ? past.dims()[2] : 0;
    for (std::int64_t i = 0; i < dims[0] * dims[1]; ++i) {
      const std::int64_t before = s.pasts[i / dims[1]];
      if (before > old_rows) throw Error("the past holds fewer tokens than seqlens_k says");
      std::copy_n(old + i * old_rows * dims[3], before * dims[3], to + i * s.kept * dims[3]);
      std::copy_n(fresh + i * s.length * dims[3], s.length * dims[3], to + (i * s.kept + before) * dims[3]);
    }
  });
  return cache;
}

/// What each query sees: keys up to its own position, of which a local window shows the last ones only. [B,
/// 1, S, T]
Tensor causal_mask(const KernelContext& context, const Sequences& s, DataType type) {
  const std::int64_t window = context.integer("local_window_size", -1);
  const bool causal = context.integer("causal", 1) != 0;
  auto mask = working_memory<double>({s.batch, s.length, s.kept});
  mask.clear();
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t i = 0; i < s.length; ++i)
      for (std::int64_t j = 0; j < s.kept; ++j) {
        const std::int64_t position = s.pasts[b] + i;
        const bool seen = causal ? j <= position && (window <= 0 || j > position - window) : j < s.totals[b];
        mask.push_back(seen ? 0 : hidden_score);
      }
  return tensor_from(type, {s.batch, 1, s.length, s.kept}, mask);
}

/// attention_bias [·, ·, S, T] widened to the cache's rows, which nobody sees beyond T.
Tensor widened_bias(const KernelContext& context, std::int64_t kept) {
  if (!context.has_input(10)) return {};
  const Tensor& bias = input_of_rank(context, 10, 4);
  Dims rest = bias.dims();
  rest.back() = kept - rest.back();
  return rest.back() <= 0 ? bias : concatenated({bias, zeros_like(bias, rest)}, bias.rank() - 1);
}

/// A head's sink takes part in the softmax without a value: a key and a value of zeros, whose score the mask
/// gives. Attribute smooth_softmax is a sink of 0.
void add_sink(const KernelContext& context, AttentionCall& call) {
  const bool has_sink = context.has_input(11);
  if (!has_sink && context.integer("smooth_softmax", 0) != 1) return;
  const auto with_zero_row = [](const Tensor& tensor) {
    Dims dims = tensor.dims();
    dims[2] = 1;
    return concatenated({tensor, zeros_like(tensor, dims)}, 2);
  };
  call.key = with_zero_row(call.key), call.value = with_zero_row(call.value);
  const Dims& q = call.query.dims();
  const auto sinks = has_sink ? values_as<double>(context.input(11))
                              : std::vector<double>(static_cast<std::size_t>(q[1]), 0.0);
  if (static_cast<std::int64_t>(sinks.size()) != q[1]) throw Error("head_sink needs one number a head");
  std::vector<double> column;
  for (std::int64_t i = 0; i < q[0] * q[1] * q[2]; ++i) column.push_back(sinks[i / q[2] % q[1]]);
  const Tensor shape = Tensor::of<std::int64_t>({4}, {q[0], q[1], q[2], call.mask.dims()[3]});
  call.mask = concatenated({compute(context, "Expand", {call.mask, shape}),
                            tensor_from(call.mask.type(), {q[0], q[1], q[2], 1}, column)},
                           3);
}

/// Scores before the softmax, with 0 where a key is hidden.
Tensor shown_scores(const Tensor& scores) {
  auto values = values_as<double>(scores);
  for (double& value : values) value = value < hidden_score / 2 ? 0 : value;
  return tensor_from(scores.type(), scores.dims(), values);
}

void refuse_what_is_not_known(const KernelContext& context) {
  for (const char* name : {"k_quant_type", "v_quant_type"})
    if (context.text(name, "NONE") != "NONE")
      throw Error("a quantized cache (" + std::string(name) + ") cannot be run");
  if (context.integer("sliding_window_cache", 0) != 0) throw Error("a cache of only a window cannot be run");
  if (context.has_input(14)) throw Error("queries and keys that are normalized inside cannot be run");
}

void group_query_attention(KernelContext& context) {
  refuse_what_is_not_known(context);
  AttentionCall call = read_heads(context, positive_attribute(context, "num_heads"),
                                  positive_attribute(context, "kv_num_heads"));
  const Sequences s = read_sequences(context, call.query.dims());
  if (context.integer("do_rotary", 0) != 0) {
    const Tensor positions = token_positions(context, s);
    call.query = rotated(context, call.query, positions), call.key = rotated(context, call.key, positions);
  }
  call.key = extended_cache(input_or_absent(context, 3), call.key, s);
  call.value = extended_cache(input_or_absent(context, 4), call.value, s);
  if (context.wants_output(1)) context.set_output(1, call.key);
  if (context.wants_output(2)) context.set_output(2, call.value);
  call.mask = added_masks(context, causal_mask(context, s, call.query.type()), widened_bias(context, s.kept));
  call.softcap = context.real("softcap", 0);
  call.shown_stage = context.integer("qk_output", 0) == 2 ? 3 : 2;
  add_sink(context, call);
  const AttentionResult result = attend(context, call);
  context.set_output(0, joined_heads(result.output));
  if (context.wants_output(3))
    context.set_output(3, shown_scores(section(result.scores, 3, 0, single_integer(context, 6))));
}

// --- inference, cost, record ---

void infer_group_query_attention(InferenceContext& context) {
  const auto &q = context.input_shape(0), &past = context.input_shape(3);
  const std::int64_t heads = context.integer("num_heads", 1), kv_heads = context.integer("kv_num_heads", 1);
  const DataType element = context.input_element(0);
  if (!q || q->size() != 3 || heads < 1 || kv_heads < 1) return context.set_output(0, element, std::nullopt);
  const Dimension size = floor_div((*q)[2], context.has_input(1) ? heads : heads + 2 * kv_heads);
  const auto totals = context.input_values(6);
  const Dimension total = totals && totals->size() == 1 ? totals->front() : Dimension::unknown();
  Dimension kept = total;
  if (context.has_input(3)) kept = past && past->size() == 4 ? max((*past)[2], total) : Dimension::unknown();
  context.set_output(0, element, Shape{(*q)[0], (*q)[1], size * heads});
  for (const std::size_t index : {1, 2})
    context.set_output(index, element, Shape{(*q)[0], kv_heads, kept, size});
  context.set_output(3, element, Shape{(*q)[0], heads, (*q)[1], total});
}

std::optional<Cost> group_query_cost(const CostContext& context) {
  const auto y = context.output_dims(0), present = context.output_dims(1), past = context.input_dims(3);
  if (!y || (!present && !past)) return std::nullopt;
  const auto heads = std::max<std::int64_t>(1, context.node.attribute_or("num_heads", std::int64_t{1}));
  const std::int64_t keys = present ? (*present)[2] : (*past)[2] + (*y)[1];
  return attention_cost(static_cast<double>((*y)[0] * (*y)[1] * heads), static_cast<double>(keys),
                        static_cast<double>((*y)[2] / heads));
}

Operator& with_attributes(Operator& record) {
  return record.attribute("causal", std::int64_t{1}, "0 if queries see keys behind their own position too.")
      .attribute("do_rotary", std::int64_t{0}, "1 to rotate queries and keys by their position.")
      .attribute("k_quant_type", std::string("NONE"), "How cached keys are quantized; only NONE can be run.")
      .optional_attribute("kv_cache_bit_width", AttributeType::Int, "Bits of a quantized cache.")
      .required_attribute("kv_num_heads", AttributeType::Int, "Heads of keys and values.")
      .attribute("local_window_size", std::int64_t{-1},
                 "How many keys a query sees, its own included; -1: all before.")
      .required_attribute("num_heads", AttributeType::Int, "Heads of queries.")
      .attribute("qk_norm_epsilon", 1e-6f, "Epsilon of a normalization inside.")
      .attribute("qk_output", std::int64_t{0},
                 "What output_qk shows: 1 scores, 2 what the softmax makes of them.")
      .attribute("rotary_interleaved", std::int64_t{0},
                 "Whether neighbours are rotated; else the two halves are.")
      .optional_attribute("scale", AttributeType::Float, "Factor of the scores; 1/√H if absent.")
      .attribute("sliding_window_cache", std::int64_t{0},
                 "1 if the cache holds only a window; cannot be run.")
      .attribute("smooth_softmax", std::int64_t{0}, "1 if the softmax has one more score of 0 in its sum.")
      .attribute("softcap", 0.0f, "Scores are limited to ±softcap by tanh; 0: not.")
      .attribute("v_quant_type", std::string("NONE"),
                 "How cached values are quantized; only NONE can be run.");
}

Operator& with_inputs(Operator& record) {
  return record
      .input("query", "T", "Queries [B, S, N·H], or with keys and values behind them [B, S, (N + 2·Nkv)·H].")
      .optional_input("key", "T", "Keys [B, S, Nkv·H].")
      .optional_input("value", "T", "Values [B, S, Nkv·H].")
      .optional_input("past_key", "T_CACHE", "Keys of earlier tokens [B, Nkv, P, H].")
      .optional_input("past_value", "T_CACHE", "Values of earlier tokens, likewise.")
      .input("seqlens_k", "M", "Tokens of each sequence with the new ones, less one [B].")
      .input("total_sequence_length", "M", "Scalar: the greatest number of tokens with the new ones.")
      .optional_input("cos_cache", "T", "Cosines of the rotation [positions, H/2].")
      .optional_input("sin_cache", "T", "Sines, likewise.")
      .optional_input("position_ids", "tensor(int64)", "Position of each new token [B, S].")
      .optional_input("attention_bias", "T", "Added to the scores, broadcast to [B, N, S, T].")
      .optional_input("head_sink", "T",
                      "A score of each head that takes part in the softmax without a value [N].")
      .optional_input("k_scale", "T_KV_SCALE", "Scale of cached keys.")
      .optional_input("v_scale", "T_KV_SCALE", "Scale of cached values.")
      .optional_input("q_norm_weight", "T", "Factors of a normalization of queries; cannot be run.")
      .optional_input("k_norm_weight", "T", "Factors of a normalization of keys; cannot be run.");
}

}  // namespace

void register_group_query_attention(OperatorTable& table) {
  Operator base = record("GroupQueryAttention", OperatorKind::MatrixAndConvolution)
                      .summary(
                          "Causal attention where several query heads share keys and values, with a cache of "
                          "earlier tokens, rotation by position, local windows and sinks.");
  table.add(
      with_inputs(with_attributes(base))
          .output("output", "T", "Result [B, S, N·H].")
          .optional_output("present_key", "T_CACHE", "Keys with those of earlier tokens [B, Nkv, T, H].")
          .optional_output("present_value", "T_CACHE", "Values with those of earlier tokens, likewise.")
          .optional_output("output_qk", "T", "Scores [B, N, S, T].")
          .constraint("T", floats())
          .constraint("T_CACHE",
                      types::tensors({"float", "float16", "bfloat16", "uint8", "int8", "float8e4m3fn"}))
          .constraint("T_KV_SCALE", {"tensor(float)"})
          .constraint("M", {"tensor(int32)"})
          .infer(infer_group_query_attention)
          .kernel(group_query_attention)
          .cost(group_query_cost)
          .example(
              "query = float[1, 2, 2]{1, 0, 0, 1}; key = float[1, 2, 1]{1, -1}; value = float[1, 2, 1]{3, "
              "4}; "
              "seqlens_k = int32[1]{1}; total_sequence_length = int32{2}; num_heads = 2; kv_num_heads = 1"));
}

}  // namespace lapidary::microsoft
