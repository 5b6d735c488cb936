#include <algorithm>

#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/quantized.h"

namespace lapidary::microsoft {
namespace {

/// DynamicQuantizeLSTM: the products of an LSTM with 8-bit weights. The input of each product is quantized by
/// its own range: X as a whole, the hidden state anew at every step. What the gates make of the sums is left
/// to the standard's LSTM, which is called for one step, with the sums as input and the identity as weights.

/// One direction's part of the inputs.
struct Direction {
  Tensor w, w_scale, w_zero, r, r_scale, r_zero;  ///< [input, 4·H] and [H, 4·H]
  Tensor bias, peephole;                          ///< [1, 8·H] and [1, 3·H]
  Tensor h, c;                                    ///< [B, H]
  bool reversed;
  Attributes attributes;
};

struct Sizes {
  std::int64_t steps, batch, hidden, directions;
  std::vector<std::int64_t> lengths;  ///< steps of each sequence
};

Sizes read_sizes(const KernelContext& context) {
  const Dims &x = context.input(0).dims(), &r = context.input(2).dims();
  if (x.size() != 3 || r.size() != 3 || r[2] != 4 * r[1])
    throw Error("X and R need [S, B, I] and [D, H, 4·H]");
  Sizes s{x[0], x[1], r[1], r[0], std::vector<std::int64_t>(static_cast<std::size_t>(x[1]), x[0])};
  if (const auto lengths = context.optional_integers(4)) s.lengths = *lengths;
  if (static_cast<std::int64_t>(s.lengths.size()) != s.batch)
    throw Error("sequence_lens needs one length a sequence");
  for (const std::int64_t length : s.lengths)
    if (length < 0 || length > s.steps) throw Error("a sequence length is " + std::to_string(length));
  return s;
}

Tensor direction_part(const KernelContext& context, std::size_t index, std::int64_t direction) {
  return context.has_input(index) ? element_of(context.input(index), 0, direction) : Tensor();
}

Tensor zeros(const Tensor& like, Dims dims) { return zeros_like(like, std::move(dims)); }

Attributes cell_attributes(const KernelContext& context, std::int64_t direction, std::int64_t directions) {
  Attributes attributes = attributes_of(context.node(), {"clip", "input_forget"});
  for (const char* name : {"activation_alpha", "activation_beta"}) {
    if (!context.has_attribute(name)) continue;
    if (directions > 1) throw Error("numbers of activations cannot be divided among two directions");
    attributes.emplace_back(name, context.node().find_attribute(name)->value);
  }
  const auto names = context.attribute("activations", std::vector<std::string>{});
  if (static_cast<std::int64_t>(names.size()) == 3 * directions)
    attributes.emplace_back("activations", std::vector<std::string>(names.begin() + 3 * direction,
                                                                    names.begin() + 3 * direction + 3));
  return attributes;
}

Direction read_direction(const KernelContext& context, const Sizes& s, std::int64_t index) {
  const std::string kind = context.text("direction", "forward");
  const auto part = [&](std::size_t input) { return direction_part(context, input, index); };
  const auto row = [&](std::size_t input) {
    const Tensor values = part(input);
    return values.is_present() ? values.reshaped({1, values.size()}) : values;
  };
  const Tensor state = zeros(context.input(0), {s.batch, s.hidden});
  return {part(1),
          part(8),
          part(9),
          part(2),
          part(10),
          part(11),
          row(3),
          row(7),
          context.has_input(5) ? part(5) : state,
          context.has_input(6) ? part(6) : state,
          kind == "reverse" || index == 1,
          cell_attributes(context, index, s.directions)};
}

/// x quantized by its own range, times quantized weights.
Tensor quantized_product(const KernelContext& context, const Tensor& x, const Tensor& weights,
                         const Tensor& scale, const Tensor& zero) {
  const auto q = compute_all(context, "DynamicQuantizeLinear", {x}, {}, 3);
  return scaled_product(context, q[0], weights, q[1], scale, q[2], zero, {});
}

/// Each sequence's steps the other way round, padding left at the end; its own inverse.
Tensor reversed_steps(const KernelContext& context, const Tensor& x, const Sizes& s) {
  return compute(context, "ReverseSequence", {x, Tensor::of<std::int64_t>({s.batch}, s.lengths)},
                 {{"batch_axis", std::int64_t{1}}, {"time_axis", std::int64_t{0}}});
}

Tensor identity(const Tensor& like, std::int64_t size) {
  std::vector<double> values(static_cast<std::size_t>(size * size));
  for (std::int64_t i = 0; i < size; ++i) values[static_cast<std::size_t>(i * (size + 1))] = 1;
  return tensor_from(like.type(), {1, size, size}, values);
}

/// [B, 1]: which sequences still run at a step.
Tensor running(const Sizes& s, std::int64_t step) {
  std::vector<bool> runs;
  for (const std::int64_t length : s.lengths) runs.push_back(step < length);
  return Tensor::of({s.batch, 1}, runs);
}

/// Hidden states of all steps [S, B, H]; h and c become the last ones.
Tensor run_direction(const KernelContext& context, const Sizes& s, Direction& d) {
  const Tensor& x = context.input(0);
  const Tensor ordered = d.reversed ? reversed_steps(context, x, s) : x;
  const Tensor from_input = quantized_product(context, ordered, d.w, d.w_scale, d.w_zero);
  const Tensor weights = identity(x, 4 * s.hidden), recurrence = zeros(x, {1, 4 * s.hidden, s.hidden});
  const Tensor nothing = zeros(x, {s.batch, s.hidden});
  std::vector<Tensor> states;
  for (std::int64_t step = 0; step < s.steps; ++step) {
    context.cancel.check();
    const Tensor sums =
        compute(context, "Add",
                {section(from_input, 0, step, 1), quantized_product(context, d.h, d.r, d.r_scale, d.r_zero)});
    const Tensor c = d.c.reshaped({1, s.batch, s.hidden});
    const auto next = compute_all(context, "LSTM", {sums, weights, recurrence, d.bias, {}, {}, c, d.peephole},
                                  d.attributes, 3);
    const Tensor runs = running(s, step);
    const auto kept = [&](const Tensor& now, const Tensor& before) {
      return compute(context, "Where", {runs, now.reshaped({s.batch, s.hidden}), before});
    };
    states.push_back(kept(next[1], nothing));
    d.h = kept(next[1], d.h), d.c = kept(next[2], d.c);
  }
  if (states.empty()) return zeros(x, {0, s.batch, s.hidden});
  const Tensor all = stacked(std::move(states), 0);
  return d.reversed ? reversed_steps(context, all, s) : all;
}

void dynamic_quantize_lstm(KernelContext& context) {
  const Sizes s = read_sizes(context);
  const std::string kind = context.text("direction", "forward");
  if ((kind == "bidirectional") != (s.directions == 2))
    throw Error("direction '" + kind + "' does not fit the weights");
  std::vector<Tensor> all, hidden, cells;
  for (std::int64_t index = 0; index < s.directions; ++index) {
    Direction direction = read_direction(context, s, index);
    all.push_back(run_direction(context, s, direction));
    hidden.push_back(direction.h), cells.push_back(direction.c);
  }
  if (context.wants_output(0)) context.set_output(0, stacked(std::move(all), 1));
  if (context.wants_output(1)) context.set_output(1, stacked(std::move(hidden), 0));
  if (context.wants_output(2)) context.set_output(2, stacked(std::move(cells), 0));
}

void infer_dynamic_quantize_lstm(InferenceContext& context) {
  const auto &x = context.input_shape(0), &r = context.input_shape(2);
  Dimension steps, batch, hidden, directions;
  if (x && x->size() == 3) steps = (*x)[0], batch = (*x)[1];
  if (r && r->size() == 3) directions = (*r)[0], hidden = (*r)[1];
  const DataType element = context.input_element(0);
  context.set_output(0, element, Shape{steps, directions, batch, hidden});
  for (const std::size_t index : {1, 2}) context.set_output(index, element, Shape{directions, batch, hidden});
}

/// At every step each sequence meets all weights of both products; about thirty operations make a unit's
/// gates.
std::optional<Cost> lstm_cost(const CostContext& context) {
  const auto x = context.input_dims(0), r = context.input_dims(2);
  if (!x || !r || x->size() != 3 || r->size() != 3) return std::nullopt;
  const double rows = static_cast<double>((*x)[0] * (*x)[1] * (*r)[0]), hidden = static_cast<double>((*r)[1]);
  const double macs = rows * 4 * hidden * (static_cast<double>((*x)[2]) + hidden);
  return Cost{macs, 2 * macs + 30 * rows * hidden};
}

Operator lstm_record() {
  return record("DynamicQuantizeLSTM", OperatorKind::Quantization)
      .summary(
          "LSTM with 8-bit weights, whose input and hidden state are quantized by their own range before "
          "each "
          "product.")
      .optional_attribute("activation_alpha", AttributeType::Floats,
                          "Attribute alpha of activations, in their order.")
      .optional_attribute("activation_beta", AttributeType::Floats,
                          "Attribute beta of activations, in their order.")
      .optional_attribute(
          "activations", AttributeType::Strings,
          "Three functions a direction: of gates, cell and hidden state; Sigmoid, Tanh, Tanh.")
      .optional_attribute("clip", AttributeType::Float, "Limit of what goes into activations.")
      .attribute("direction", std::string("forward"), "forward, reverse or bidirectional.")
      .optional_attribute("hidden_size", AttributeType::Int, "H; the weights say it too.")
      .attribute("input_forget", std::int64_t{0}, "1 if the forget gate is 1 less the input gate.")
      .input("X", "T", "Sequences [S, B, I].")
      .input("W", "T2", "Weights of the input, gates in the order i, o, f, c [D, I, 4·H].")
      .input("R", "T2", "Weights of the hidden state [D, H, 4·H].")
      .optional_input("B", "T", "Bias of both [D, 8·H].")
      .optional_input("sequence_lens", "T1", "Steps of each sequence [B].")
      .optional_input("initial_h", "T", "Hidden state before the first step [D, B, H]; 0.")
      .optional_input("initial_c", "T", "Cell before the first step [D, B, H]; 0.")
      .optional_input("P", "T", "Weights of peepholes, in the order i, o, f [D, 3·H].")
      .input("W_scale", "T", "Scale of W: [D], or one a column [D, 4·H].")
      .input("W_zero_point", "T2", "Zero point of W, as many as scales.")
      .input("R_scale", "T", "Scale of R, likewise.")
      .input("R_zero_point", "T2", "Zero point of R, likewise.")
      .optional_output("Y", "T", "Hidden states of all steps [S, D, B, H].")
      .optional_output("Y_h", "T", "The last hidden state [D, B, H].")
      .optional_output("Y_c", "T", "The last cell [D, B, H].")
      .constraint("T", {"tensor(float)"})
      .constraint("T1", {"tensor(int32)"})
      .constraint("T2", bytes())
      .infer(infer_dynamic_quantize_lstm)
      .kernel(dynamic_quantize_lstm)
      .cost(lstm_cost)
      .example(
          "X = float[2, 1, 1]{1, -1}; W = int8[1, 1, 4]{10, 20, 30, 40}; R = int8[1, 1, 4]{1, 2, 3, 4}; "
          "W_scale = float[1]{0.05}; W_zero_point = int8[1]{0}; R_scale = float[1]{0.05}; "
          "R_zero_point = int8[1]{0}; hidden_size = 1 -> Y, Y_h");
}

}  // namespace

void register_quantized_recurrent(OperatorTable& table) { table.add(lstm_record()); }

}  // namespace lapidary::microsoft
