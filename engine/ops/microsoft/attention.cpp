#include "engine/ops/microsoft/attention.h"

#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/quantized.h"

namespace lapidary::microsoft {
namespace {

/// Attention and QAttention: a projection of one input makes queries, keys and values.

void refuse_rotation(const KernelContext& context) {
  if (context.integer("do_rotary", 0) != 0)
    throw Error("rotation inside this operator is not known here").advice("GroupQueryAttention does it");
}

/// The past [2, B, N, P, H] as keys and values; `length` limits a buffer that is longer than what it holds.
void split_past(const Tensor& past, std::optional<std::int64_t> length, AttentionCall& call) {
  if (!past.is_present()) return;
  if (past.rank() != 5 || past.dims()[0] != 2)
    throw Error("past needs [2, B, N, P, H], not " + to_string(past.dims()));
  call.past_key = element_of(past, 0, 0);
  call.past_value = element_of(past, 0, 1);
  if (!length) return;
  call.past_key = section(call.past_key, 2, 0, *length);
  call.past_value = section(call.past_value, 2, 0, *length);
}

/// A buffer [B, N, max, H] whose first rows are replaced by those of `state`.
Tensor into_buffer(const Tensor& buffer, const Tensor& state) {
  const std::int64_t used = state.dims()[2], size = buffer.dims()[2];
  if (used > size)
    throw Error(std::to_string(used) + " tokens do not fit a buffer of " + std::to_string(size));
  return concatenated({state, section(buffer, 2, used, size - used)}, 2);
}

/// Output 0 and the present from a projection [B, S, q + k + v].
void attend_to_projection(KernelContext& context, const Tensor& projection, const Tensor& mask,
                          const Tensor& past, const Tensor& bias) {
  refuse_rotation(context);
  require_rank(projection, 3);
  const std::int64_t heads = positive_attribute(context, "num_heads");
  AttentionCall call = split_projection(projection, projection_sizes(context, projection.dims()[2]), heads);
  const bool shares_buffer = context.integer("past_present_share_buffer", 0) != 0;
  std::optional<std::int64_t> past_length;
  if (shares_buffer && context.has_input(6)) past_length = single_integer(context, 6);
  split_past(past, past_length, call);
  const Dims& q = call.query.dims();
  const std::int64_t before = call.past_key.is_present() ? call.past_key.dims()[2] : 0;
  const MaskSizes sizes{q[0], q[2], before + q[2], before};
  call.mask = added_masks(
      context,
      additive_mask(context, mask, sizes, context.integer("unidirectional", 0) != 0, projection.type()),
      bias);
  const AttentionResult result = attend(context, call);
  context.set_output(0, joined_heads(result.output));
  if (!context.wants_output(1)) return;
  Tensor present = stacked({result.key, result.value}, 0);
  if (shares_buffer && past.is_present())
    present = stacked(
        {into_buffer(element_of(past, 0, 0), result.key), into_buffer(element_of(past, 0, 1), result.value)},
        0);
  context.set_output(1, present);
}

void attention(KernelContext& context) {
  Tensor projection = compute(context, "MatMul", {context.input(0), context.input(1)});
  if (context.has_input(2)) projection = compute(context, "Add", {projection, context.input(2)});
  attend_to_projection(context, projection, input_or_absent(context, 3), input_or_absent(context, 4),
                       input_or_absent(context, 5));
}

void quantized_attention(KernelContext& context) {
  const Tensor projection =
      scaled_product(context, context.input(0), context.input(1), context.input(3), context.input(4),
                     input_or_absent(context, 6), input_or_absent(context, 7), context.input(2));
  attend_to_projection(context, projection, input_or_absent(context, 5), input_or_absent(context, 8), {});
}

/// [B, S, Hv] and [2, B, N, P + S, H]; `past` is the index of that input.
void infer_projected(InferenceContext& context, DataType element, std::size_t past) {
  const auto &x = context.input_shape(0), &w = context.input_shape(1), &before = context.input_shape(past);
  const Dimension width = w && w->size() == 2 ? (*w)[1] : Dimension::unknown();
  const auto sizes = context.integers("qkv_hidden_sizes");
  const std::int64_t heads = std::max<std::int64_t>(1, context.integer("num_heads", 1));
  const Dimension hidden = sizes.size() == 3 ? Dimension(sizes[2]) : floor_div(width, 3);
  std::optional<Shape> y, present;
  if (x && x->size() == 3) {
    y = Shape{(*x)[0], (*x)[1], hidden};
    const bool shares_buffer = context.integer("past_present_share_buffer", 0) != 0;
    const bool has_past = context.has_input(past);
    const Dimension old = !has_past                       ? Dimension(0)
                          : before && before->size() == 5 ? (*before)[3]
                                                          : Dimension::unknown();
    present =
        Shape{2, (*x)[0], heads, shares_buffer && has_past ? old : old + (*x)[1], floor_div(hidden, heads)};
  }
  context.set_output(0, element, y);
  context.set_output(1, element, present);
}

std::optional<Cost> projected_cost(const CostContext& context) {
  const auto x = context.input_dims(0), w = context.input_dims(1), y = context.output_dims(0);
  if (!x || !w || !y || x->size() != 3 || w->size() != 2) return std::nullopt;
  const double heads =
      static_cast<double>(std::max<std::int64_t>(1, context.node.attribute_or("num_heads", std::int64_t{1})));
  double keys = static_cast<double>((*x)[1]);
  for (const std::size_t past : {4, 8})
    if (const auto dims = context.input_dims(past); dims && dims->size() == 5)
      keys += static_cast<double>((*dims)[3]);
  const double projection = static_cast<double>(element_count(*x)) * static_cast<double>((*w)[1]);
  Cost cost = attention_cost(static_cast<double>((*x)[0] * (*x)[1]) * heads, keys,
                             static_cast<double>((*y)[2]) / heads);
  cost.macs += projection;
  cost.flops += 2 * projection;
  return cost;
}

Operator& with_common_attributes(Operator& record) {
  return record.attribute("do_rotary", std::int64_t{0}, "1 to rotate queries and keys by their position.")
      .attribute("mask_filter_value", -10000.0f, "Added to scores of keys that the mask hides.")
      .required_attribute("num_heads", AttributeType::Int, "Number of heads.")
      .optional_attribute("past_present_share_buffer", AttributeType::Int,
                          "1 if past and present are one buffer [2, B, N, max, H], filled up step by step.")
      .optional_attribute("scale", AttributeType::Float, "Factor of the scores; 1/√H if absent.")
      .attribute("unidirectional", std::int64_t{0}, "1 if a query sees no key behind its own position.");
}

constexpr const char* mask_text =
    "0 hides a key, 1 shows it: [B, T] or [B, S, T]; or the keys' ends [B], or ends and then beginnings "
    "[2·B].";

}  // namespace

void register_attention(OperatorTable& table) {
  Operator plain =
      record("Attention", OperatorKind::MatrixAndConvolution)
          .summary(
              "Self-attention with its projection: one product makes queries, keys and values of "
              "all heads, which then look at each other.")
          .optional_attribute("qkv_hidden_sizes", AttributeType::Ints,
                              "Widths of queries, keys and values; a third each if absent.")
          .attribute("rotary_embedding_dim", std::int64_t{0},
                     "Values of each head that are rotated; 0: all.");
  table.add(
      with_common_attributes(plain)
          .input("input", "T", "Tokens [B, S, D].")
          .input("weights", "T", "Weights of queries, keys and values side by side [D, 3·N·H].")
          .optional_input("bias", "T", "Their bias [3·N·H].")
          .optional_input("mask_index", "M", mask_text)
          .optional_input("past", "T", "Keys and values of earlier tokens [2, B, N, P, H].")
          .optional_input("attention_bias", "T", "Added to the scores, broadcast to [B, N, S, T].")
          .optional_input("past_sequence_length", "M", "Tokens in a shared buffer.")
          .output("output", "T", "Result [B, S, N·H].")
          .optional_output("present", "T", "Keys and values with those of earlier tokens [2, B, N, T, H].")
          .constraint("T", floats())
          .constraint("M", {"tensor(int32)"})
          .infer([](InferenceContext& context) { infer_projected(context, context.input_element(0), 4); })
          .kernel(attention)
          .cost(projected_cost)
          .example("input = float[1, 2, 2]{1, 0, 0, 1}; weights = float[2, 6]{1, 0, 1, 0, 1, 2, 0, 1, 0, 1, "
                   "3, 4}; "
                   "bias = float[6]{0}; num_heads = 1"));
  Operator quantized =
      record("QAttention", OperatorKind::Quantization)
          .summary("Self-attention whose projection multiplies quantized tokens with quantized weights.");
  table.add(
      with_common_attributes(quantized)
          .input("input", "T1", "Quantized tokens [B, S, D].")
          .input("weight", "T2", "Quantized weights of queries, keys and values side by side [D, 3·N·H].")
          .input("bias", "T3", "Their bias [3·N·H].")
          .input("input_scale", "T3", "Scale of the tokens.")
          .input("weight_scale", "T3", "Scale of the weights: one, or one a column.")
          .optional_input("mask_index", "T4", mask_text)
          .optional_input("input_zero_point", "T1", "Zero point of the tokens; 0.")
          .optional_input("weight_zero_point", "T2", "Zero point of the weights, as many as scales; 0.")
          .optional_input("past", "T3", "Keys and values of earlier tokens [2, B, N, P, H].")
          .output("output", "T3", "Result [B, S, N·H].")
          .optional_output("present", "T3", "Keys and values with those of earlier tokens [2, B, N, T, H].")
          .constraint("T1", bytes())
          .constraint("T2", bytes())
          .constraint("T3", types::tensors({"float", "float16"}))
          .constraint("T4", {"tensor(int32)"})
          .infer([](InferenceContext& context) { infer_projected(context, context.input_element(2), 8); })
          .kernel(quantized_attention)
          .cost(projected_cost)
          .example("input = uint8[1, 2, 1]{130, 126}; weight = int8[1, 3]{1, 1, 2}; bias = float[3]{0}; "
                   "input_scale = float{0.5}; weight_scale = float{1}; input_zero_point = uint8{128}; "
                   "num_heads = 1"));
}

}  // namespace lapidary::microsoft
