#include <algorithm>
#include <numeric>

#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"

namespace lapidary::microsoft {
namespace {

/// Attention over sequences whose padding has been taken out: tokens stand one behind the other, and
/// token_offset says where each would stand in [B, S].

struct Packing {
  std::int64_t batch, length;         ///< of the padded tokens
  std::vector<std::int64_t> offsets;  ///< where each token stands, by its row
  std::vector<std::int64_t> counts;   ///< tokens of each sequence
};

/// `offsets` is the index of token_offset [B, S]; the input behind it holds the sums of the sequences'
/// lengths [B + 1].
Packing read_packing(const KernelContext& context, std::size_t offsets, std::int64_t tokens) {
  const Dims& dims = context.input(offsets).dims();
  if (dims.size() != 2) throw Error("token_offset needs rank 2, not " + to_string(dims));
  Packing p{dims[0], dims[1], context.integers(offsets), {}};
  const auto sums = context.integers(offsets + 1);
  if (static_cast<std::int64_t>(sums.size()) != p.batch + 1 || sums.front() < 0 || sums.back() != tokens ||
      !std::is_sorted(sums.begin(), sums.end()))
    throw Error("cumulative_sequence_length does not count the tokens");
  for (std::size_t b = 0; b + 1 < sums.size(); ++b) p.counts.push_back(sums[b + 1] - sums[b]);
  p.offsets.resize(static_cast<std::size_t>(tokens));
  for (const std::int64_t offset : p.offsets)
    if (offset < 0 || offset >= p.batch * p.length)
      throw Error("token_offset " + std::to_string(offset) + " is outside");
  return p;
}

Tensor offset_column(const Packing& p) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(p.offsets.size()), 1}, p.offsets);
}

/// Rows [tokens, width] spread to [B, S, width], zeros for padding.
Tensor padded(const KernelContext& context, const Packing& p, const Tensor& rows) {
  const std::int64_t width = rows.dims().back();
  const Tensor empty = zeros_like(rows, {p.batch * p.length, width});
  return compute(context, "ScatterND", {empty, offset_column(p), rows}).reshaped({p.batch, p.length, width});
}

/// The way back: [B, S, width] to [tokens, width].
Tensor packed_rows(const KernelContext& context, const Packing& p, const Tensor& y) {
  const Tensor rows = y.reshaped({p.batch * p.length, y.dims().back()});
  return compute(context, "GatherND", {rows, offset_column(p)});
}

/// Output 0 from queries, keys and values side by side [tokens, q + k + v].
void attend_packed(KernelContext& context, const Tensor& projection, std::size_t offsets) {
  require_rank(projection, 2);
  const Packing p = read_packing(context, offsets, projection.dims()[0]);
  const std::int64_t heads = positive_attribute(context, "num_heads");
  AttentionCall call = split_projection(padded(context, p, projection),
                                        projection_sizes(context, projection.dims()[1]), heads);
  const Tensor ends = Tensor::of<std::int64_t>({p.batch}, p.counts);
  call.mask = added_masks(
      context, additive_mask(context, ends, {p.batch, p.length, p.length}, false, projection.type()),
      input_or_absent(context, offsets + 2));
  context.set_output(0, packed_rows(context, p, joined_heads(attend(context, call).output)));
}

void packed_attention(KernelContext& context) {
  const Tensor product = compute(context, "MatMul", {context.input(0), context.input(1)});
  attend_packed(context, compute(context, "Add", {product, context.input(2)}), 3);
}

/// query [tokens, N, 3, H] holds all; else query, key and value [tokens, N·H] stand apart.
void packed_multi_head_attention(KernelContext& context) {
  const Tensor& query = context.input(0);
  Tensor projection;
  if (query.rank() == 4) {
    const Tensor ordered = transposed(query, {0, 2, 1, 3});
    projection =
        ordered.reshaped({query.dims()[0], query.size() / std::max<std::int64_t>(1, query.dims()[0])});
  } else {
    projection = concatenated({query, context.input(1), context.input(2)}, 1);
  }
  if (context.has_input(3)) projection = compute(context, "Add", {projection, context.input(3)});
  attend_packed(context, projection, 4);
}

std::optional<Cost> packed_cost(const CostContext& context, std::size_t offsets, double projection) {
  const auto y = context.output_dims(0), padded = context.input_dims(offsets);
  if (!y || !padded || padded->size() != 2 || y->size() != 2) return std::nullopt;
  // Each token sees at most a whole sequence.
  Cost cost = attention_cost(static_cast<double>((*y)[0]), static_cast<double>((*padded)[1]),
                             static_cast<double>((*y)[1]));
  cost.macs += projection;
  cost.flops += 2 * projection;
  return cost;
}

Operator base_record(const char* name, const char* summary) {
  return record(name, OperatorKind::MatrixAndConvolution)
      .summary(summary)
      .required_attribute("num_heads", AttributeType::Int, "Number of heads.")
      .optional_attribute("scale", AttributeType::Float, "Factor of the scores; 1/√H if absent.")
      .constraint("T", types::tensors({"float", "float16"}))
      .constraint("M", {"tensor(int32)"});
}

Operator& with_packing(Operator& record) {
  return record
      .input("token_offset", "M",
             "Where each token stands among the padded ones; first all tokens, then padding [B, S].")
      .input("cumulative_sequence_length", "M", "Tokens before each sequence, and in all [B + 1].")
      .optional_input("attention_bias", "T", "Added to the scores, broadcast to [B, N, S, S].")
      .output("output", "T", "Result [tokens, N·Hv].");
}

}  // namespace

void register_packed_attention(OperatorTable& table) {
  Operator projected =
      base_record("PackedAttention", "Attention over tokens of several sequences without padding.")
          .optional_attribute("qkv_hidden_sizes", AttributeType::Ints,
                              "Widths of queries, keys and values; a third each if absent.")
          .input("input", "T", "Tokens [tokens, D].")
          .input("weights", "T", "Weights of queries, keys and values side by side [D, 3·N·H].")
          .input("bias", "T", "Their bias [3·N·H].");
  table.add(
      with_packing(projected)
          .infer([](InferenceContext& context) {
            const auto &x = context.input_shape(0), &w = context.input_shape(1);
            const auto sizes = context.integers("qkv_hidden_sizes");
            Dimension width = w && w->size() == 2 ? floor_div((*w)[1], 3) : Dimension::unknown();
            if (sizes.size() == 3) width = sizes[2];
            context.set_output(0, context.input_element(0),
                               Shape{x && !x->empty() ? (*x)[0] : Dimension::unknown(), width});
          })
          .kernel(packed_attention)
          .cost([](const CostContext& context) -> std::optional<Cost> {
            const auto x = context.input_dims(0), w = context.input_dims(1);
            if (!x || !w || w->size() != 2) return std::nullopt;
            return packed_cost(context, 3,
                               static_cast<double>(element_count(*x)) * static_cast<double>((*w)[1]));
          })
          .example("input = float[2, 1]{1, 2}; weights = float[1, 3]{1, 1, 1}; bias = float[3]{0}; "
                   "token_offset = int32[2, 2]{0, 2, 1, 3}; cumulative_sequence_length = int32[3]{0, 1, 2}; "
                   "num_heads = 1"));
  Operator many = base_record("PackedMultiHeadAttention",
                              "MultiHeadAttention over tokens of several sequences without padding.")
                      .attribute("mask_filter_value", -10000.0f, "Added to scores of padding.")
                      .input("query", "T", "Queries [tokens, N·H], or all packed [tokens, N, 3, H].")
                      .optional_input("key", "T", "Keys [tokens, N·H].")
                      .optional_input("value", "T", "Values [tokens, N·Hv].")
                      .optional_input("bias", "T", "Bias of queries, keys and values one after the other.");
  table.add(
      with_packing(many)
          .infer([](InferenceContext& context) {
            const auto &q = context.input_shape(0), &v = context.input_shape(2);
            Shape y(2);
            if (q && !q->empty()) y[0] = (*q)[0];
            if (q && q->size() == 4) y[1] = (*q)[1] * (*q)[3];
            if (v && v->size() == 2) y[1] = (*v)[1];
            context.set_output(0, context.input_element(0), y);
          })
          .kernel(packed_multi_head_attention)
          .cost([](const CostContext& context) { return packed_cost(context, 4, 0); })
          .example("query = float[2, 1]{1, 2}; key = float[2, 1]{1, 2}; value = float[2, 1]{1, 2}; "
                   "token_offset = int32[2, 2]{0, 2, 1, 3}; cumulative_sequence_length = int32[3]{0, 1, 2}; "
                   "num_heads = 1"));
}

}  // namespace lapidary::microsoft
