#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"
#include "engine/ops/microsoft/block_quantization.h"

namespace lapidary::microsoft {
namespace {

/// A mixture of experts: a router sends each token to a few of many small networks
///   fc2(activation(fc1(x))), or fc2(activation(fc1(x)) · fc3(x)),
/// and adds what they say, weighed by how sure the router was.

// --- routing ---

/// What an expert has to do: rows of the input, and the weight of its answer for each.
struct Share {
  std::vector<std::int64_t> rows;
  std::vector<double> weights;
};

/// The k experts of the greatest score get each token. Their weights are the softmax of all scores, brought
/// to a sum of 1 where normalize_routing_weights asks for it; or what another tensor says at their place.
std::vector<Share> routed(const KernelContext& context, const Tensor& scores, const Tensor& given_weights) {
  require_rank(scores, 2);
  if (given_weights.is_present() && given_weights.dims() != scores.dims())
    throw Error("router_weights do not fit router_probs");
  const std::int64_t experts = scores.dims()[1], k = context.integer("k", 1);
  if (k < 1 || k > experts)
    throw Error("k is " + std::to_string(k) + " of " + std::to_string(experts) + " experts");
  const auto chosen_by = values_as<double>(scores);
  const auto probabilities = values_as<double>(
      given_weights.is_present() ? given_weights
                                 : compute(context, "Softmax", {scores}, {{"axis", std::int64_t{1}}}));
  const bool normalizes = context.integer("normalize_routing_weights", 0) != 0;
  std::vector<Share> shares(static_cast<std::size_t>(experts));
  std::vector<std::int64_t> order(shares.size());
  for (std::int64_t row = 0; row < scores.dims()[0]; ++row) {
    const double *score = chosen_by.data() + row * experts,
                 *probability = probabilities.data() + row * experts;
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](std::int64_t a, std::int64_t b) {
      return score[a] != score[b] ? score[a] > score[b] : a > b;
    });
    double sum = 0;
    for (std::int64_t i = 0; i < k; ++i) sum += probability[order[i]];
    for (std::int64_t i = 0; i < k; ++i) {
      Share& share = shares[static_cast<std::size_t>(order[i])];
      share.rows.push_back(row);
      share.weights.push_back(normalizes && sum != 0 ? probability[order[i]] / sum : probability[order[i]]);
    }
  }
  return shares;
}

// --- one expert ---

/// Weights [N, K] and bias [N] of an expert's layer; both absent where the operator has no such layer.
struct Layer {
  Tensor weights, bias;
};
using ReadLayer = Layer (*)(const KernelContext&, int layer, std::int64_t expert);

Tensor applied(const KernelContext& context, const Layer& layer, const Tensor& x) {
  return compute(context, "Gemm", {x, layer.weights, layer.bias}, {{"transB", std::int64_t{1}}});
}

/// g · sigmoid(alpha·g) · (l + beta), both limited first. g and l stand in turn, or one behind the other, in
/// a row.
Tensor swiglu(const KernelContext& context, const Tensor& gate, const Tensor& linear) {
  const double alpha = double(context.real("activation_alpha", 1)),
               beta = double(context.real("activation_beta", 0));
  const double limit = context.has_attribute("swiglu_limit") ? double(context.real("swiglu_limit", 0))
                                                             : std::numeric_limits<double>::infinity();
  if (gate.dims() != linear.dims()) throw Error("the two halves of swiglu differ in sizes");
  auto result = values_as<double>(gate);
  const auto straight = values_as<double>(linear);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double g = std::min(result[i], limit), l = std::clamp(straight[i], -limit, limit);
    result[i] = g / (1 + std::exp(-alpha * g)) * (l + beta);
  }
  return tensor_from(gate.type(), gate.dims(), result);
}

Tensor fused_swiglu(const KernelContext& context, const Tensor& both) {
  const std::int64_t rows = both.dims()[0], size = both.dims()[1] / 2;
  if (context.integer("swiglu_fusion", 0) == 2)
    return swiglu(context, section(both, 1, 0, size), section(both, 1, size, size));
  const Tensor pairs = both.reshaped({rows, size, 2});
  return swiglu(context, element_of(pairs, 2, 0), element_of(pairs, 2, 1));
}

Tensor activated_by_type(const KernelContext& context, const std::string& type, const Tensor& x) {
  if (type == "relu") return compute(context, "Relu", {x});
  if (type == "gelu") return compute(context, "Gelu", {x}, {{"approximate", std::string("tanh")}});
  if (type == "silu") return compute(context, "Swish", {x});
  if (type == "identity") return x;
  throw Error("activation_type '" + type + "' is unknown")
      .advice("It can be relu, gelu, silu, swiglu or identity");
}

Tensor answer(const KernelContext& context, ReadLayer read, std::int64_t expert, const Tensor& x) {
  const std::string type = context.text("activation_type", "relu");
  Tensor hidden = applied(context, read(context, 1, expert), x);
  const Layer third = read(context, 3, expert);
  if (type == "swiglu") {
    hidden = third.weights.is_present() ? swiglu(context, hidden, applied(context, third, x))
                                        : fused_swiglu(context, hidden);
  } else {
    hidden = activated_by_type(context, type, hidden);
    if (third.weights.is_present()) hidden = compute(context, "Mul", {hidden, applied(context, third, x)});
  }
  return applied(context, read(context, 2, expert), hidden);
}

void mix(KernelContext& context, ReadLayer read, const Tensor& router_weights) {
  const Tensor& input = context.input(0);
  if (input.rank() < 1) throw Error("tokens need an axis");
  const std::int64_t width = input.dims().back();
  const Tensor rows = input.reshaped({input.size() / std::max<std::int64_t>(1, width), width});
  const auto shares = routed(context, context.input(1), router_weights);
  std::vector<double> sum(static_cast<std::size_t>(input.size()));
  for (std::size_t expert = 0; expert < shares.size(); ++expert) {
    const Share& share = shares[expert];
    if (share.rows.empty()) continue;
    context.cancel.check();
    const Tensor indices =
        Tensor::of<std::int64_t>({static_cast<std::int64_t>(share.rows.size())}, share.rows);
    const auto said = values_as<double>(answer(context, read, static_cast<std::int64_t>(expert),
                                               compute(context, "Gather", {rows, indices})));
    if (said.size() != share.rows.size() * static_cast<std::size_t>(width))
      throw Error("an expert's answer is not as long as a token");
    for (std::size_t i = 0; i < share.rows.size(); ++i)
      for (std::int64_t j = 0; j < width; ++j)
        sum[static_cast<std::size_t>(share.rows[i] * width + j)] += share.weights[i] * said[i * width + j];
  }
  context.set_output(0, tensor_from(input.type(), input.dims(), sum));
}

// --- MoE and QMoE: where the weights come from ---

Tensor expert_part(const KernelContext& context, std::size_t index, std::int64_t expert) {
  return context.has_input(index) ? element_of(context.input(index), 0, expert) : Tensor();
}

Layer plain_layer(const KernelContext& context, int layer, std::int64_t expert) {
  const std::size_t index = layer == 1 ? 2 : layer == 2 ? 4 : 6;
  return {expert_part(context, index, expert), expert_part(context, index + 1, expert)};
}

/// Zero points [N, blocks] of an expert: packed along the blocks, or along the rows where a row has one
/// scale.
Tensor zero_points(const KernelContext& context, int layer, std::int64_t expert, std::int64_t bits,
                   const Dims& scales) {
  const Tensor packed = expert_part(context, static_cast<std::size_t>(10 + layer), expert);
  if (!packed.is_present()) return packed;
  return unpacked_bits(packed, bits, scales.empty() ? 0 : scales.back());
}

Layer quantized_layer(const KernelContext& context, int layer, std::int64_t expert) {
  const auto index = static_cast<std::size_t>(3 * layer - 1);
  const Tensor packed = expert_part(context, index, expert);
  if (!packed.is_present()) return {};
  require_rank(packed, 2);
  const std::int64_t bits = context.integer("expert_weight_bits", 4), size = packed.dims()[1] * 8 / bits;
  const Tensor scales = expert_part(context, index + 1, expert);
  const std::int64_t block = scales.rank() == 2 ? positive_attribute(context, "block_size") : size;
  Tensor weights = dequantized_blocks(unpacked_bits(packed, bits, size), scales,
                                      zero_points(context, layer, expert, bits, scales.dims()),
                                      std::ldexp(1, static_cast<int>(bits) - 1), block);
  return {converted(weights, context.input(0).type()), expert_part(context, index + 2, expert)};
}

void mixture_of_experts(KernelContext& context) { mix(context, plain_layer, {}); }

void quantized_mixture_of_experts(KernelContext& context) {
  if (context.text("quant_type", "int") != "int")
    throw Error("weights of floating types of 4 and 8 bits cannot be run");
  const std::int64_t bits = context.integer("expert_weight_bits", 4);
  if (bits != 2 && bits != 4 && bits != 8)
    throw Error("weights of " + std::to_string(bits) + " bits are not known");
  mix(context, quantized_layer, input_or_absent(context, 14));
}

/// Each token meets the weights of k experts; `packed` says how many weights one element of theirs holds.
std::optional<Cost> mixture_cost(const CostContext& context, std::size_t second, double packed) {
  const auto x = context.input_dims(0);
  if (!x || x->empty()) return std::nullopt;
  double weights = 0;
  for (const std::size_t index : {std::size_t{2}, second, 2 * second - 2}) {
    const auto dims = context.input_dims(index);
    const bool is_optional = index == 2 * second - 2;
    if (!dims && !is_optional) return std::nullopt;
    if (dims && dims->size() == 3) weights += static_cast<double>((*dims)[1] * (*dims)[2]) * packed;
  }
  const double tokens =
      static_cast<double>(element_count(*x)) / static_cast<double>(std::max<std::int64_t>(1, x->back()));
  const double macs = tokens * weights * static_cast<double>(context.node.attribute_or("k", std::int64_t{1}));
  return Cost{macs, 2 * macs};
}

// --- records ---

Operator base_record(const char* name, const char* summary) {
  return record(name, OperatorKind::MatrixAndConvolution)
      .summary(summary)
      .attribute("activation_alpha", 1.0f, "Steepness of swiglu.")
      .attribute("activation_beta", 0.0f, "Added to the straight half of swiglu.")
      .attribute("activation_type", std::string("relu"), "relu, gelu, silu, swiglu or identity.")
      .attribute("k", std::int64_t{1}, "Experts that each token goes to.")
      .attribute("normalize_routing_weights", std::int64_t{0},
                 "1 if the weights of a token's experts make up 1.")
      .attribute("swiglu_fusion", std::int64_t{0},
                 "How swiglu has its two halves: 0 as first and third layer, 1 in turn in the first, 2 one "
                 "behind the "
                 "other.")
      .optional_attribute("swiglu_limit", AttributeType::Float, "Limit of both halves of swiglu.")
      .attribute("use_sparse_mixer", std::int64_t{0}, "Without effect here.")
      .input("input", "T", "Tokens [tokens, D] or [B, S, D].")
      .input("router_probs", "T", "Score of each expert for each token [tokens, experts].")
      .infer(same_as_input);
}

void register_plain(OperatorTable& table) {
  table.add(
      base_record("MoE",
                  "Mixture of experts: each token goes through the few networks that a router chooses.")
          .input("fc1_experts_weights", "T", "First layers [experts, H, D]; 2·H rows where swiglu is fused.")
          .optional_input("fc1_experts_bias", "T", "Their bias [experts, H].")
          .input("fc2_experts_weights", "T", "Second layers [experts, D, H].")
          .optional_input("fc2_experts_bias", "T", "Their bias [experts, D].")
          .optional_input("fc3_experts_weights", "T", "Third layers, which gate the first [experts, H, D].")
          .optional_input("fc3_experts_bias", "T", "Their bias [experts, H].")
          .output("output", "T", "Result, of the sizes of the input.")
          .constraint("T", floats())
          .kernel(mixture_of_experts)
          .cost([](const CostContext& context) { return mixture_cost(context, 4, 1); })
          .example(
              "input = float[1, 1]{2}; router_probs = float[1, 2]{0, 1}; "
              "fc1_experts_weights = float[2, 1, 1]{1, 3}; fc2_experts_weights = float[2, 1, 1]{1, 0.5}; "
              "normalize_routing_weights = 1"));
}

Operator& with_quantized_layers(Operator& record) {
  const std::pair<const char*, const char*> layers[] = {
      {"fc1", "First layers"}, {"fc2", "Second layers"}, {"fc3", "Third layers"}};
  for (const auto& [name, text] : layers) {
    const std::string prefix = name;
    const std::string weights =
        std::string(text) + ", packed along the last axis, low bits first [experts, N, K·bits/8].";
    if (prefix == "fc3")
      record.optional_input(prefix + "_experts_weights", "T1", weights);
    else
      record.input(prefix + "_experts_weights", "T1", weights);
    record.optional_input(prefix + "_scales", "T2", "Their scales [experts, N] or [experts, N, blocks].")
        .optional_input(prefix + "_experts_bias", "T", "Their bias [experts, N].");
  }
  for (const auto& [name, text] : layers)
    record.optional_input(std::string(name) + "_zero_points", "T1",
                          "Zero points, packed likewise; the middle if absent.");
  record.optional_input("router_weights", "T",
                        "Weights of the experts, where they are not the scores' softmax.");
  for (const char* name : {"fc1_global_scale", "fc2_global_scale", "fc1_act_scale", "fc2_act_scale"})
    record.optional_input(name, "T4", "Of weights of floating types, which cannot be run.");
  for (const char* name : {"fc1_act_block_scale", "fc2_act_block_scale"})
    record.optional_input(name, "T2", "Of weights of floating types, which cannot be run.");
  return record;
}

void register_quantized(OperatorTable& table) {
  Operator base = base_record("QMoE", "Mixture of experts whose weights have 2, 4 or 8 bits.");
  base.kind = OperatorKind::Quantization;
  base.attribute("accuracy_level", std::int64_t{0},
                 "How far tokens may be rounded for speed; here they never are.")
      .optional_attribute("block_size", AttributeType::Int,
                          "Weights along K that share a scale; a row if absent.")
      .attribute("expert_weight_bits", std::int64_t{4}, "Bits of a weight.")
      .attribute("quant_type", std::string("int"), "Only int can be run.")
      .attribute("weights_prepacked", std::int64_t{-1},
                 "Without effect: weights are read as described here.");
  table.add(
      with_quantized_layers(base)
          .output("output", "T", "Result, of the sizes of the input.")
          .constraint("T", floats())
          .constraint("T1", types::tensors({"uint8", "float8e4m3fn"}))
          .constraint("T2", types::tensors({"float", "float16", "bfloat16", "float8e8m0", "float8e4m3fn"}))
          .constraint("T4", {"tensor(float)"})
          .kernel(quantized_mixture_of_experts)
          .cost([](const CostContext& context) {
            const auto bits = context.node.attribute_or("expert_weight_bits", std::int64_t{4});
            return mixture_cost(context, 5, 8.0 / static_cast<double>(std::max<std::int64_t>(1, bits)));
          })
          .example("input = float[1, 1]{2}; router_probs = float[1, 2]{0, 1}; "
                   "fc1_experts_weights = uint8[2, 1, 1]{129, 131}; fc1_scales = float[2, 1]{1, 1}; "
                   "fc2_experts_weights = uint8[2, 1, 1]{129, 130}; fc2_scales = float[2, 1]{1, 0.25}; "
                   "expert_weight_bits = 8; normalize_routing_weights = 1"));
}

}  // namespace

void register_mixture_of_experts(OperatorTable& table) {
  register_plain(table);
  register_quantized(table);
}

}  // namespace lapidary::microsoft
