#include <cmath>

#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// Sizes and rule of a LinearAttention. Query [B, T, Hq·dk], key [B, T, Hkv·dk], value [B, T, Hkv·dv].
struct LinearSettings {
  std::int64_t batch, steps, query_heads, heads, key_size, value_size;
  std::int64_t decays_per_head;  ///< 1, or key_size
  std::int64_t rates;            ///< update rates a step: 1, or one a head
  bool gated, delta;
  double scale;
};

void require_presence(const KernelContext& context, std::size_t index, bool wanted, const std::string& rule) {
  if (context.has_input(index) != wanted)
    throw Error("update rule '" + rule + "' " + (wanted ? "needs " : "has no ") +
                (index == 4 ? "decay" : "beta"));
}

void read_rule(const KernelContext& context, LinearSettings& s) {
  const auto rule = context.text("update_rule", "gated_delta");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta")
    throw Error("update_rule '" + rule + "' is unknown")
        .advice("It can be linear, gated, delta or gated_delta");
  s.gated = rule == "gated" || rule == "gated_delta";
  s.delta = rule == "delta" || rule == "gated_delta";
  require_presence(context, 4, s.gated, rule);
  require_presence(context, 5, s.delta, rule);
}

/// The last size of an input [B, T, size] whose first two must be the settings'.
std::int64_t last_size(const KernelContext& context, std::size_t index, const LinearSettings& s) {
  const Dims& dims = context.input(index).dims();
  if (dims.size() != 3 || dims[0] != s.batch || dims[1] != s.steps)
    throw Error("input " + std::to_string(index) + " is " + to_string(dims) + ", not [batch, steps, size]");
  return dims[2];
}

LinearSettings read_settings(const KernelContext& context) {
  const Dims& query = context.input(0).dims();
  if (query.size() != 3) throw Error("query is " + to_string(query) + ", not [batch, steps, size]");
  LinearSettings s{};
  s.batch = query[0], s.steps = query[1];
  s.query_heads = context.integer("q_num_heads", 0), s.heads = context.integer("kv_num_heads", 0);
  if (s.query_heads < 1 || s.heads < 1 || s.query_heads % s.heads != 0)
    throw Error(std::to_string(s.query_heads) + " query heads cannot share " + std::to_string(s.heads) +
                " heads");
  if (s.query_heads > std::max<std::int64_t>(1, query[2]))
    throw Error(to_string(query) + " cannot be divided into " + std::to_string(s.query_heads) + " heads");
  read_rule(context, s);
  s.key_size = query[2] / s.query_heads;
  s.value_size = last_size(context, 2, s) / s.heads;
  if (s.key_size * s.query_heads != query[2] || last_size(context, 1, s) != s.heads * s.key_size ||
      last_size(context, 2, s) != s.heads * s.value_size)
    throw Error("query, key and value do not divide into their heads");
  s.decays_per_head = s.gated ? last_size(context, 4, s) / s.heads : 1;
  if (s.gated && (last_size(context, 4, s) % s.heads != 0 ||
                  (s.decays_per_head != 1 && s.decays_per_head != s.key_size)))
    throw Error("decay needs one value a head, or one for each of its keys");
  s.rates = s.delta ? last_size(context, 5, s) : 1;
  if (s.rates != 1 && s.rates != s.heads) throw Error("beta needs one value, or one a head");
  const double scale = static_cast<double>(context.real("scale", 0));
  s.scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(s.key_size));
  return s;
}

struct LinearInputs {
  std::vector<double> query, key, value, decay, rate;
};

/// One step of one head. state [key_size, value_size]: decayed by exp(g); then k ⊗ v is added, where the
/// delta rules take β·(v − stateᵀ·k) for v.
void update_state(const LinearSettings& s, const LinearInputs& in, std::int64_t step, std::int64_t head,
                  double* state) {
  const double* key = in.key.data() + (step * s.heads + head) * s.key_size;
  std::vector<double> value(in.value.begin() + (step * s.heads + head) * s.value_size,
                            in.value.begin() + (step * s.heads + head + 1) * s.value_size);
  if (s.gated)
    for (std::int64_t d = 0; d < s.key_size; ++d) {
      const std::int64_t at = (step * s.heads + head) * s.decays_per_head + (s.decays_per_head == 1 ? 0 : d);
      for (std::int64_t m = 0; m < s.value_size; ++m) state[d * s.value_size + m] *= std::exp(in.decay[at]);
    }
  if (s.delta) {
    const double rate = in.rate[step * s.rates + (s.rates == 1 ? 0 : head)];
    for (std::int64_t m = 0; m < s.value_size; ++m) {
      double known = 0;
      for (std::int64_t d = 0; d < s.key_size; ++d) known += state[d * s.value_size + m] * key[d];
      value[m] = rate * (value[m] - known);
    }
  }
  for (std::int64_t d = 0; d < s.key_size; ++d)
    for (std::int64_t m = 0; m < s.value_size; ++m) state[d * s.value_size + m] += key[d] * value[m];
}

/// y [Hq, value_size] of one step: scale · stateᵀ · q of each query head of `head`.
void read_state(const LinearSettings& s, const LinearInputs& in, std::int64_t step, std::int64_t head,
                const double* state, double* y) {
  const std::int64_t shared = s.query_heads / s.heads;
  for (std::int64_t q = head * shared; q < (head + 1) * shared; ++q) {
    const double* query = in.query.data() + (step * s.query_heads + q) * s.key_size;
    for (std::int64_t m = 0; m < s.value_size; ++m) {
      double sum = 0;
      for (std::int64_t d = 0; d < s.key_size; ++d) sum += query[d] * state[d * s.value_size + m];
      y[q * s.value_size + m] = s.scale * sum;
    }
  }
}

void linear_attention(KernelContext& context) {
  const LinearSettings s = read_settings(context);
  const auto numbers = [&](std::size_t index) {
    return context.has_input(index) ? values_as<double>(context.input(index)) : std::vector<double>();
  };
  const LinearInputs in{numbers(0), numbers(1), numbers(2), numbers(4), numbers(5)};
  const Dims state_dims{s.batch, s.heads, s.key_size, s.value_size};
  auto state = working_memory<double>(state_dims);
  if (context.has_input(3)) {
    if (context.input(3).dims() != state_dims) throw Error("past_state is not " + to_string(state_dims));
    state = numbers(3);
  }
  auto y = working_memory<double>({s.batch, s.steps, s.query_heads, s.value_size});
  for (std::int64_t step = 0; step < s.batch * s.steps; ++step) {
    context.cancel.check();
    for (std::int64_t head = 0; head < s.heads; ++head) {
      double* own = state.data() + (step / s.steps * s.heads + head) * s.key_size * s.value_size;
      update_state(s, in, step, head, own);
      read_state(s, in, step, head, own, y.data() + step * s.query_heads * s.value_size);
    }
  }
  const DataType type = context.input(0).type();
  context.set_output(0, tensor_from(type, {s.batch, s.steps, s.query_heads * s.value_size}, y));
  const DataType state_type = context.has_input(3) ? context.input(3).type() : type;
  if (context.wants_output(1)) context.set_output(1, tensor_from(state_type, state_dims, state));
}

void infer_linear_attention(InferenceContext& context) {
  const auto& query = context.input_shape(0);
  const auto& value = context.input_shape(2);
  const Dimension query_heads = context.integer("q_num_heads", 1), heads = context.integer("kv_num_heads", 1);
  const DataType state = context.has_input(3) ? context.input_element(3) : context.input_element(0);
  context.set_output(0, context.input_element(0), std::nullopt);
  context.set_output(1, state, std::nullopt);
  if (!query || !value || query->size() != 3 || value->size() != 3) return;
  const Dimension value_size = floor_div((*value)[2], heads);
  context.set_output(0, context.input_element(0), Shape{(*query)[0], (*query)[1], query_heads * value_size});
  context.set_output(1, state, Shape{(*query)[0], heads, floor_div((*query)[2], query_heads), value_size});
}

/// Updating, correcting and reading the state each cross it once.
std::optional<Cost> linear_attention_cost(const CostContext& context) {
  const auto query = context.input_dims(0), value = context.input_dims(2);
  const std::int64_t query_heads = context.node.attribute_or("q_num_heads", std::int64_t{0});
  const std::int64_t heads = context.node.attribute_or("kv_num_heads", std::int64_t{0});
  if (!query || !value || query->size() != 3 || value->size() != 3 || query_heads < 1 || heads < 1)
    return std::nullopt;
  const double state = static_cast<double>((*query)[2] / query_heads * ((*value)[2] / heads));
  const auto rule = context.node.attribute_or("update_rule", std::string("gated_delta"));
  const double passes = static_cast<double>(query_heads + heads * (rule.ends_with("delta") ? 2 : 1));
  const double macs = static_cast<double>((*query)[0] * (*query)[1]) * state * passes;
  return Cost{macs, 2 * macs};
}

}  // namespace

void register_linear_attention(OperatorTable& table) {
  const auto elements = types::tensors({"float16", "bfloat16", "float"});
  table.add(
      Operator("LinearAttention", 27, OperatorKind::MatrixAndConvolution)
          .summary(
              "Attention without softmax as a recurrence: each step adds its key and value to a state that "
              "the query reads.")
          .attribute("chunk_size", std::int64_t{64}, "A hint for parallel computation; no effect on results.")
          .required_attribute("kv_num_heads", AttributeType::Int, "Heads of keys, values and state.")
          .required_attribute("q_num_heads", AttributeType::Int, "Heads of queries.")
          .attribute("scale", 0.0f, "Factor of the result; 0: one by the root of the key's size.")
          .attribute("update_rule", std::string("gated_delta"),
                     "linear adds; gated lets the state decay first; delta corrects what the state already "
                     "knows; gated_delta does both.")
          .input("query", "T", "Queries [batch, steps, heads·key size].")
          .input("key", "T", "Keys [batch, steps, heads·key size].")
          .input("value", "T", "Values [batch, steps, heads·value size].")
          .optional_input("past_state", "S",
                          "State before the first step [batch, heads, key size, value size].")
          .optional_input("decay", "T", "Logarithm of what is kept of the state, a head or a key each.")
          .optional_input("beta", "T", "How far a step corrects the state, a head each or one.")
          .output("output", "T", "What the queries read [batch, steps, heads·value size].")
          .output("present_state", "S", "State after the last step.")
          .constraint("T", elements)
          .constraint("S", elements)
          .infer(infer_linear_attention)
          .kernel(linear_attention)
          .example(
              R"(query = float[1, 2, 2]{1, 0, 0, 1}; key = float[1, 2, 2]{1, 0, 0, 1}; value = float[1, 2, 2]{1..4}; q_num_heads = 1; kv_num_heads = 1; update_rule = "linear")")
          .cost(linear_attention_cost));
}

}  // namespace lapidary
