#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"

namespace lapidary::microsoft {
namespace {

/// MultiHeadAttention and DecoderMaskedMultiHeadAttention: queries, keys and values come projected, in many
/// forms.

/// Where an operator has its inputs, and what of them is special.
struct Layout {
  std::size_t bias, mask, attention_bias, past_key, past_length, cache_indirection;
};
constexpr Layout many_tokens{3, 4, 5, 6, 8, 9}, one_token{10, 3, 4, 5, 7, 9};

/// `count` tensors packed along the second to last axis, [B, L, N, count, H] → [B, N, L, H].
Tensor packed_part(const Tensor& packed, std::int64_t index) {
  return transposed(element_of(packed, 3, index), {0, 2, 1, 3});
}

/// The part of the bias [q + k + v] that belongs to a projection, added to it.
Tensor with_bias(const KernelContext& context, const Tensor& projection, std::size_t bias,
                 std::int64_t start) {
  if (!context.has_input(bias)) return projection;
  return compute(context, "Add",
                 {projection, section(context.input(bias), 0, start, projection.dims().back())});
}

/// Queries, keys and values as heads, whatever form they come in:
///   query [B, S, N, 3, H]; or query [B, S, N·H] with key [B, L, N, 2, H]; or all three [B, ·, N·H], where a
///   fourth axis of key and value says that they are heads already.
AttentionCall read_heads(const KernelContext& context, std::size_t bias) {
  const std::int64_t heads = positive_attribute(context, "num_heads");
  const Tensor& query = context.input(0);
  AttentionCall call;
  if (query.rank() != 5) require_rank(query, 3);
  if (query.rank() == 5) {
    call.query = packed_part(query, 0), call.key = packed_part(query, 1), call.value = packed_part(query, 2);
    return call;
  }
  if (!context.has_input(1))
    return split_projection(with_bias(context, query, bias, 0),
                            projection_sizes(context, query.dims().back()), heads);
  const Tensor& key = context.input(1);
  call.query = split_heads(with_bias(context, query, bias, 0), heads);
  const std::int64_t width = query.dims().back();
  if (key.rank() == 5) {
    call.key = packed_part(key, 0), call.value = packed_part(key, 1);
  } else if (key.rank() == 4) {
    call.key = key, call.value = context.input(2);
  } else {
    require_rank(key, 3);
    call.key = split_heads(with_bias(context, key, bias, width), heads);
    call.value = split_heads(with_bias(context, context.input(2), bias, width + key.dims().back()), heads);
  }
  return call;
}

/// Which beam of its sentence each cached token of a row came from, [sentences, beams, max]: the rows of the
/// cache that hold them, [rows, length].
std::vector<std::int64_t> cache_rows(const Tensor& indirection, std::int64_t rows, std::int64_t length) {
  if (indirection.rank() != 3 || indirection.dims()[0] * indirection.dims()[1] != rows ||
      indirection.dims()[2] < length)
    throw Error("cache_indirection of " + to_string(indirection.dims()) + " does not fit " +
                std::to_string(rows) + " rows of " + std::to_string(length) + " tokens");
  const auto beams = values_as<std::int64_t>(indirection);
  const std::int64_t width = indirection.dims()[1], stride = indirection.dims()[2];
  std::vector<std::int64_t> result;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t j = 0; j < length; ++j) {
      const std::int64_t beam = beams[row * stride + j];
      if (beam < 0 || beam >= width) throw Error("beam " + std::to_string(beam) + " is outside");
      result.push_back(row / width * width + beam);
    }
  return result;
}

/// A cache [rows, N, P, H] with each token taken from the row that cache_rows() says.
Tensor rearranged(const Tensor& cache, const std::vector<std::int64_t>& rows) {
  const Dims& dims = cache.dims();
  if (static_cast<std::int64_t>(rows.size()) != dims[0] * dims[2])
    throw Error("past_key and past_value differ in sizes");
  Tensor result = writable_copy(cache);
  dispatch_by_size(cache.type(), [&]<class T>() {
    const T* from = elements<T>(cache);
    T* to = mutable_elements<T>(result);
    for (std::int64_t row = 0; row < dims[0]; ++row)
      for (std::int64_t head = 0; head < dims[1]; ++head)
        for (std::int64_t j = 0; j < dims[2]; ++j) {
          const std::int64_t source = rows[row * dims[2] + j];
          std::copy_n(from + ((source * dims[1] + head) * dims[2] + j) * dims[3], dims[3],
                      to + ((row * dims[1] + head) * dims[2] + j) * dims[3]);
        }
  });
  return result;
}

/// Caches that are longer than what they hold are cut; tokens of other beams are brought to their row.
void read_past(const KernelContext& context, const Layout& layout, AttentionCall& call) {
  if (!context.has_input(layout.past_key)) return;
  call.past_key = context.input(layout.past_key), call.past_value = context.input(layout.past_key + 1);
  for (const Tensor* past : {&call.past_key, &call.past_value}) require_rank(*past, 4);
  if (context.has_input(layout.past_length)) {
    const std::int64_t length = single_integer(context, layout.past_length);
    call.past_key = section(call.past_key, 2, 0, length);
    call.past_value = section(call.past_value, 2, 0, length);
  }
  if (!context.has_input(layout.cache_indirection)) return;
  const auto rows =
      cache_rows(context.input(layout.cache_indirection), call.past_key.dims()[0], call.past_key.dims()[2]);
  call.past_key = rearranged(call.past_key, rows);
  call.past_value = rearranged(call.past_value, rows);
}

/// The cache with this call's keys or values behind the tokens that it held; as long as it was, if it is a
/// buffer.
Tensor present(const KernelContext& context, const Layout& layout, std::size_t input, const Tensor& with_past,
               const Tensor& now) {
  if (!context.has_input(layout.past_length) || !context.has_input(layout.past_key)) return with_past;
  const Tensor& buffer = context.input(input);
  const std::int64_t past = single_integer(context, layout.past_length), end = past + now.dims()[2];
  return concatenated({section(buffer, 2, 0, past), now, section(buffer, 2, end, buffer.dims()[2] - end)}, 2);
}

void multi_head_attention(KernelContext& context, const Layout& layout, bool causal,
                          std::int64_t shown_stage) {
  AttentionCall call = read_heads(context, layout.bias);
  read_past(context, layout, call);
  for (const Tensor* heads : {&call.query, &call.key, &call.value}) require_rank(*heads, 4);
  const Dims &q = call.query.dims(), &k = call.key.dims();
  const std::int64_t before = call.past_key.is_present() ? call.past_key.dims()[2] : 0;
  const Tensor mask = additive_mask(context, input_or_absent(context, layout.mask),
                                    {q[0], q[2], before + k[2], before}, causal, context.input(0).type());
  call.mask = added_masks(context, mask, input_or_absent(context, layout.attention_bias));
  call.shown_stage = shown_stage;
  const AttentionResult result = attend(context, call);
  context.set_output(0, joined_heads(result.output));
  if (context.wants_output(1))
    context.set_output(1, present(context, layout, layout.past_key, result.key, call.key));
  if (context.wants_output(2))
    context.set_output(2, present(context, layout, layout.past_key + 1, result.value, call.value));
  if (context.wants_output(3)) context.set_output(3, result.scores);
}

void attend_many(KernelContext& context) {
  multi_head_attention(context, many_tokens, context.integer("unidirectional", 0) != 0, 2);
}
void attend_one(KernelContext& context) { multi_head_attention(context, one_token, false, 2); }

// --- inference and cost ---

/// Sizes that the forms of the inputs tell.
struct HeadShapes {
  Dimension batch, queries, keys, size, value_size;
};

std::optional<HeadShapes> head_shapes(const std::optional<Shape>& q, const std::optional<Shape>& k,
                                      const std::optional<Shape>& v, std::int64_t heads) {
  if (!q || (q->size() != 3 && q->size() != 5)) return std::nullopt;
  HeadShapes s;
  s.batch = (*q)[0], s.queries = (*q)[1];
  if (q->size() == 5) return s.keys = s.queries, s.size = s.value_size = (*q)[4], s;
  if (!k) return s.keys = s.queries, s.size = s.value_size = floor_div((*q)[2], 3 * heads), s;
  s.size = s.value_size = floor_div((*q)[2], heads);
  if (k->size() < 3) return std::nullopt;
  s.keys = (*k)[k->size() == 4 ? 2 : 1];
  if (v && v->size() == 3) s.value_size = floor_div((*v)[2], heads);
  if (v && v->size() == 4) s.value_size = (*v)[3];
  return s;
}

void infer_multi_head_attention(InferenceContext& context, const Layout& layout) {
  const DataType element = context.input_element(0);
  const std::int64_t heads = std::max<std::int64_t>(1, context.integer("num_heads", 1));
  const auto s = head_shapes(context.input_shape(0), context.input_shape(1), context.input_shape(2), heads);
  for (std::size_t i = 0; i < 4; ++i) context.set_output(i, element, std::nullopt);
  if (!s || (context.has_input(1) && !context.input_shape(1))) return;
  const auto& past = context.input_shape(layout.past_key);
  Dimension before = 0;
  if (context.has_input(layout.past_key))
    before = past && past->size() == 4 ? (*past)[2] : Dimension::unknown();
  const bool is_buffer = context.has_input(layout.past_length) && context.has_input(layout.past_key);
  const Dimension seen = is_buffer ? Dimension::unknown() : before + s->keys,
                  kept = is_buffer ? before : seen;
  context.set_output(0, element, Shape{s->batch, s->queries, s->value_size * heads});
  context.set_output(1, element, Shape{s->batch, heads, kept, s->size});
  context.set_output(2, element, Shape{s->batch, heads, kept, s->value_size});
  context.set_output(3, element, Shape{s->batch, heads, s->queries, seen});
}

template <const Layout& layout>
std::optional<Cost> multi_head_cost(const CostContext& context) {
  const auto y = context.output_dims(0), q = context.input_dims(0), k = context.input_dims(1);
  if (!y || !q || (context.inputs.size() > 1 && context.inputs[1].is_known() && !k) || y->size() != 3 ||
      q->size() < 2 || (k && k->size() < 3))
    return std::nullopt;
  const auto heads = std::max<std::int64_t>(1, context.node.attribute_or("num_heads", std::int64_t{1}));
  std::int64_t keys = k ? (*k)[k->size() == 4 ? 2 : 1] : (*q)[1];
  if (const auto past = context.input_dims(layout.past_key); past && past->size() == 4) keys += (*past)[2];
  return attention_cost(static_cast<double>((*y)[0] * (*y)[1] * heads), static_cast<double>(keys),
                        static_cast<double>((*y)[2] / heads));
}

// --- records ---

Operator base_record(const char* name, const char* summary) {
  return record(name, OperatorKind::MatrixAndConvolution)
      .summary(summary)
      .attribute("mask_filter_value", -10000.0f, "Added to scores of keys that the mask hides.")
      .required_attribute("num_heads", AttributeType::Int, "Number of heads.")
      .optional_attribute("scale", AttributeType::Float, "Factor of the scores; 1/√H if absent.")
      .constraint("M", {"tensor(int32)"});
}

Operator& with_results(Operator& record, const types::List& types) {
  return record.output("output", "T", "Result [B, S, N·Hv].")
      .optional_output("present_key", "T", "Keys with those of earlier tokens [B, N, T, H].")
      .optional_output("present_value", "T", "Values with those of earlier tokens [B, N, T, Hv].")
      .optional_output("qk", "QK", "Scores before the softmax [B, N, S, T].")
      .constraint("T", types)
      .constraint("QK", types);
}

constexpr const char* past_key_text =
    "Keys of earlier tokens [B, N, P, H], or a buffer for all [B, N, max, H].";
constexpr const char* past_value_text = "Values of earlier tokens, likewise.";
constexpr const char* past_length_text = "Tokens that a buffer holds.";
constexpr const char* indirection_text =
    "The beam that each earlier token of a beam comes from [B, beams, max].";

}  // namespace

void register_multi_head_attention(OperatorTable& table) {
  Operator many =
      base_record("MultiHeadAttention",
                  "Attention of several heads over queries, keys and values that are already projected.")
          .attribute("unidirectional", std::int64_t{0}, "1 if a query sees no key behind its own position.")
          .input("query", "T", "Queries [B, S, N·H], or all packed [B, S, N, 3, H].")
          .optional_input("key", "T",
                          "Keys [B, L, N·H] or [B, N, L, H], or packed with values [B, L, N, 2, H].")
          .optional_input("value", "T", "Values [B, L, N·Hv] or [B, N, L, Hv].")
          .optional_input("bias", "T", "Bias of queries, keys and values one after the other.")
          .optional_input("key_padding_mask", "M",
                          "0 hides a key, 1 shows it: [B, T] or [B, S, T]; or numbers of keys [B].")
          .optional_input("attention_bias", "T", "Added to the scores, broadcast to [B, N, S, T].")
          .optional_input("past_key", "T", past_key_text)
          .optional_input("past_value", "T", past_value_text)
          .optional_input("past_sequence_length", "M", past_length_text)
          .optional_input("cache_indirection", "M", indirection_text)
          .infer([](InferenceContext& context) { infer_multi_head_attention(context, many_tokens); })
          .kernel(attend_many)
          .cost(multi_head_cost<many_tokens>)
          .example(
              "query = float[1, 2, 2]{1, 0, 0, 1}; key = float[1, 2, 2]{1, 0, 0, 1}; "
              "value = float[1, 2, 2]{1, 2, 3, 4}; num_heads = 2");
  table.add(with_results(many, floats()));
  Operator one =
      base_record("DecoderMaskedMultiHeadAttention",
                  "MultiHeadAttention of one new token for each sequence, with the cache of earlier ones.")
          .attribute("output_qk", std::int64_t{0}, "1 if the scores are wanted.")
          .optional_attribute("past_present_share_buffer", AttributeType::Int,
                              "1 if past and present are one buffer [B, N, max, H], filled up step by step.")
          .input("query", "T", "Queries [B, 1, N·H], or with keys and values behind them [B, 1, 3·N·H].")
          .optional_input("key", "T", "Keys [B, 1, N·H], or of another sequence [B, N, L, H].")
          .optional_input("value", "T", "Values [B, 1, N·Hv], or of another sequence [B, N, L, Hv].")
          .optional_input("mask_index", "M", "0 hides a key, 1 shows it [B, T].")
          .optional_input("attention_bias", "T", "Added to the scores, broadcast to [B, N, 1, T].")
          .optional_input("past_key", "T", past_key_text)
          .optional_input("past_value", "T", past_value_text)
          .optional_input("past_sequence_length", "M", past_length_text)
          .optional_input("beam_width", "M", "Number of beams; 1 if absent.")
          .optional_input("cache_indirection", "M", indirection_text)
          .optional_input("bias", "T", "Bias of queries, keys and values one after the other.")
          .infer([](InferenceContext& context) { infer_multi_head_attention(context, one_token); })
          .kernel(attend_one)
          .cost(multi_head_cost<one_token>)
          .example(
              "query = float[1, 1, 2]{1, 0}; key = float[1, 1, 2]{0, 1}; value = float[1, 1, 2]{3, 4}; "
              "past_key = float[1, 1, 1, 2]{1, 0}; past_value = float[1, 1, 1, 2]{1, 2}; num_heads = 1");
  table.add(with_results(one, types::tensors({"float", "float16"})));
}

}  // namespace lapidary::microsoft
