#include <algorithm>
#include <limits>

#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/gate_activation.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Sizes of a layer of RNN, GRU or LSTM, checked against each other.
struct Layer {
  std::int64_t steps, batch, input, hidden, gates, directions;
  bool batch_first;                   ///< attribute layout = 1
  bool first_reversed;                ///< direction = reverse
  std::vector<std::int64_t> lengths;  ///< steps of each sequence in the batch
};

/// The weights of one direction; a bias has the input's part, then the recurrence's. P: peepholes.
template <class V>
struct CellWeights {
  const V *w, *r, *bias, *peephole;
};

/// What a cell hands from step to step, [batch, hidden] each; c is the LSTM's.
template <class V>
struct CellState {
  std::vector<V> h, c;
};

void require_dims(const KernelContext& context, std::size_t index, const char* name, const Dims& wanted) {
  if (context.has_input(index) && context.input(index).dims() != wanted)
    throw Error(std::string(name) + " is " + to_string(context.input(index).dims()) + " where " +
                to_string(wanted) + " is needed");
}

std::int64_t direction_count(const std::string& direction) {
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    throw Error("direction is '" + direction + "'").advice("It can be forward, reverse or bidirectional");
  return direction == "bidirectional" ? 2 : 1;
}

std::vector<std::int64_t> sequence_lengths(const KernelContext& context, std::int64_t steps,
                                           std::int64_t batch) {
  const auto lengths = context.optional_integers(4);
  if (!lengths) return std::vector<std::int64_t>(static_cast<std::size_t>(batch), steps);
  if (static_cast<std::int64_t>(lengths->size()) != batch)
    throw Error("sequence_lens needs one length for each sequence");
  for (const auto length : *lengths)
    if (length < 0 || length > steps)
      throw Error("a sequence length is " + std::to_string(length) + " of " + std::to_string(steps) +
                  " steps");
  return *lengths;
}

Layer read_layer(const KernelContext& context, std::int64_t gates) {
  const Dims &x = context.input(0).dims(), &w = context.input(1).dims(), &r = context.input(2).dims();
  if (x.size() != 3 || w.size() != 3 || r.size() != 3) throw Error("X, W and R need rank 3");
  Layer layer;
  layer.batch_first = context.integer("layout", 0) != 0;
  layer.steps = x[layer.batch_first ? 1 : 0];
  layer.batch = x[layer.batch_first ? 0 : 1];
  layer.input = x[2];
  layer.hidden = r[2];
  layer.gates = gates;
  const auto direction = context.text("direction", "forward");
  layer.directions = direction_count(direction);
  layer.first_reversed = direction == "reverse";
  const std::int64_t d = layer.directions, rows = gates * layer.hidden;
  require_dims(context, 1, "W", {d, rows, layer.input});
  require_dims(context, 2, "R", {d, rows, layer.hidden});
  require_dims(context, 3, "B", {d, 2 * rows});
  const Dims state =
      layer.batch_first ? Dims{layer.batch, d, layer.hidden} : Dims{d, layer.batch, layer.hidden};
  require_dims(context, 5, "initial_h", state);
  require_dims(context, 6, "initial_c", state);
  require_dims(context, 7, "P", {d, 3 * layer.hidden});
  layer.lengths = sequence_lengths(context, layer.steps, layer.batch);
  return layer;
}

/// Limits the inputs of activations to ±clip, if there is attribute clip.
struct Clip {
  double limit;
  double operator()(double x) const { return std::clamp(x, -limit, limit); }
};

Clip read_clip(const KernelContext& context) {
  return {context.has_attribute("clip") ? static_cast<double>(context.real("clip", 0))
                                        : std::numeric_limits<double>::infinity()};
}

/// gates [batch, count·hidden] += h [batch, hidden] · Rᵀ, for gates from `first` on.
template <class V>
void add_recurrence(const Layer& layer, const V* r, const V* h, std::int64_t first, std::int64_t count,
                    V* gates) {
  gemm<V>(layer.batch, count * layer.hidden, layer.hidden, {h, layer.hidden},
          {r + first * layer.hidden * layer.hidden, layer.hidden, true}, gates + first * layer.hidden,
          layer.gates * layer.hidden, true);
}

// --- cells: x [batch, gates·hidden] holds X·Wᵀ and both biases; the state becomes the next one ---

/// H = f(X·Wᵀ + H·Rᵀ + biases)
struct SimpleCell {
  static constexpr std::int64_t gates = 1;
  static constexpr bool recurrence_bias_apart = false;
  std::vector<GateActivation> f;
  Clip clip;

  explicit SimpleCell(const KernelContext& context, std::int64_t directions)
      : f(read_gate_activations(context, {"Tanh"}, static_cast<std::size_t>(directions))),
        clip(read_clip(context)) {}

  template <class V>
  void step(const Layer& layer, std::size_t direction, const CellWeights<V>& weights, std::vector<V>& x,
            CellState<V>& state) const {
    add_recurrence(layer, weights.r, state.h.data(), 0, 1, x.data());
    for (std::size_t i = 0; i < x.size(); ++i)
      state.h[i] = static_cast<V>(f[direction](clip(static_cast<double>(x[i]))));
  }
};

/// z, r = f(X·Wᵀ + H·Rᵀ + biases); n = g(X·Wᵀ + (r∘H)·Rᵀ + biases), or with linear_before_reset
/// g(X·Wᵀ + bias + r∘(H·Rᵀ + bias)); H = (1 − z)∘n + z∘H.
struct GatedCell {
  static constexpr std::int64_t gates = 3;
  static constexpr bool recurrence_bias_apart = true;
  std::vector<GateActivation> activations;
  Clip clip;
  bool linear_before_reset;

  explicit GatedCell(const KernelContext& context, std::int64_t directions)
      : activations(
            read_gate_activations(context, {"Sigmoid", "Tanh"}, static_cast<std::size_t>(2 * directions))),
        clip(read_clip(context)),
        linear_before_reset(context.integer("linear_before_reset", 0) != 0) {}

  template <class V>
  void step(const Layer& layer, std::size_t direction, const CellWeights<V>& weights, std::vector<V>& x,
            CellState<V>& state) const {
    const std::int64_t hidden = layer.hidden, row = gates * hidden;
    const auto& f = activations[2 * direction];
    const auto& g = activations[2 * direction + 1];
    const V* bias = weights.bias ? weights.bias + row : nullptr;
    add_recurrence(layer, weights.r, state.h.data(), 0, 2, x.data());
    for (std::int64_t b = 0; b < layer.batch; ++b)
      for (std::int64_t i = 0; i < 2 * hidden; ++i) {
        V& gate = x[b * row + i];
        gate = static_cast<V>(f(clip(static_cast<double>(gate + (bias ? bias[i] : V{})))));
      }
    std::vector<V> recurrence(x.size(), V{}), operand = state.h;
    if (!linear_before_reset)
      for (std::int64_t i = 0; i < layer.batch * hidden; ++i)
        operand[i] *= x[i / hidden * row + hidden + i % hidden];
    add_recurrence(layer, weights.r, operand.data(), 2, 1, recurrence.data());
    for (std::int64_t i = 0; i < layer.batch * hidden; ++i) {
      const std::int64_t z = i / hidden * row + i % hidden, r = z + hidden, n = r + hidden;
      const V recurrent = recurrence[n] + (bias ? bias[2 * hidden + i % hidden] : V{});
      const V sum = x[n] + (linear_before_reset ? x[r] * recurrent : recurrent);
      state.h[i] = (1 - x[z]) * static_cast<V>(g(clip(static_cast<double>(sum)))) + x[z] * state.h[i];
    }
  }
};

/// i, f = f(X·Wᵀ + H·Rᵀ + P∘C + biases); C = f∘C + i∘g(X·Wᵀ + H·Rᵀ + biases);
/// o = f(X·Wᵀ + H·Rᵀ + P∘C + biases); H = o∘h(C). Gates lie in the order i, o, f, c.
struct LongShortTermCell {
  static constexpr std::int64_t gates = 4;
  static constexpr bool recurrence_bias_apart = false;
  std::vector<GateActivation> activations;
  Clip clip;
  bool input_forget;

  explicit LongShortTermCell(const KernelContext& context, std::int64_t directions)
      : activations(read_gate_activations(context, {"Sigmoid", "Tanh", "Tanh"},
                                          static_cast<std::size_t>(3 * directions))),
        clip(read_clip(context)),
        input_forget(context.integer("input_forget", 0) != 0) {}

  template <class V>
  void step(const Layer& layer, std::size_t direction, const CellWeights<V>& weights, std::vector<V>& x,
            CellState<V>& state) const {
    const std::int64_t hidden = layer.hidden;
    const GateActivation *f = &activations[3 * direction], *g = f + 1, *h = f + 2;
    add_recurrence(layer, weights.r, state.h.data(), 0, 4, x.data());
    const auto apply = [&](const GateActivation& activation, V value) {
      return static_cast<V>(activation(clip(static_cast<double>(value))));
    };
    const auto peephole = [&](std::int64_t gate, std::int64_t unit, V c) {
      return weights.peephole ? weights.peephole[gate * hidden + unit] * c : V{};
    };
    for (std::int64_t at = 0; at < layer.batch * hidden; ++at) {
      const std::int64_t unit = at % hidden;
      const V* gate = x.data() + at / hidden * gates * hidden + unit;
      V& c = state.c[at];
      const V in = apply(*f, gate[0] + peephole(0, unit, c));
      const V forget = input_forget ? 1 - in : apply(*f, gate[2 * hidden] + peephole(2, unit, c));
      c = forget * c + in * apply(*g, gate[3 * hidden]);
      state.h[at] = apply(*f, gate[hidden] + peephole(1, unit, c)) * apply(*h, c);
    }
  }
};

// --- running a layer ---

/// The input's part of all gates at all steps, [steps, batch, gates·hidden]: X·Wᵀ plus biases. A cell that
/// scales the recurrence's part adds that part's bias itself.
template <class Cell, class V>
std::vector<V> input_gates(const Layer& layer, const CellWeights<V>& weights, const V* x) {
  const std::int64_t row = layer.gates * layer.hidden, rows = layer.steps * layer.batch;
  std::vector<V> gates(static_cast<std::size_t>(rows * row), V{});
  if (weights.bias)
    for (std::int64_t i = 0; i < rows * row; ++i)
      gates[i] = weights.bias[i % row] + (Cell::recurrence_bias_apart ? V{} : weights.bias[row + i % row]);
  // Batch-first input is multiplied a sequence at a time, into rows that lie a batch apart.
  if (layer.batch_first) {
    for (std::int64_t b = 0; b < layer.batch; ++b)
      gemm<V>(layer.steps, row, layer.input, {x + b * layer.steps * layer.input, layer.input},
              {weights.w, layer.input, true}, gates.data() + b * row, layer.batch * row, true);
  } else {
    gemm<V>(rows, row, layer.input, {x, layer.input}, {weights.w, layer.input, true}, gates.data(), row,
            true);
  }
  return gates;
}

/// Offset of hidden values of (direction, sequence) in a state tensor, and of (step, direction, sequence) in
/// Y.
std::int64_t state_offset(const Layer& l, std::int64_t direction, std::int64_t b) {
  return (l.batch_first ? b * l.directions + direction : direction * l.batch + b) * l.hidden;
}
std::int64_t sequence_offset(const Layer& l, std::int64_t step, std::int64_t direction, std::int64_t b) {
  return (l.batch_first ? (b * l.steps + step) * l.directions + direction
                        : (step * l.directions + direction) * l.batch + b) *
         l.hidden;
}

template <class V>
std::vector<V> initial_state(const Layer& layer, std::int64_t direction, const V* given) {
  std::vector<V> state(static_cast<std::size_t>(layer.batch * layer.hidden), V{});
  if (given)
    for (std::int64_t b = 0; b < layer.batch; ++b)
      std::copy_n(given + state_offset(layer, direction, b), layer.hidden, state.begin() + b * layer.hidden);
  return state;
}

/// Walks one direction over all steps; y receives the hidden state of each, zeros behind a sequence's end. A
/// reversed direction walks each sequence from its own last step.
template <class Cell, class V>
void run_direction(const Layer& layer, const Cell& cell, std::int64_t direction,
                   const CellWeights<V>& weights, const V* x, CellState<V>& state, V* y,
                   const CancelToken& cancel) {
  const bool reversed = layer.first_reversed || direction == 1;
  const std::int64_t row = layer.gates * layer.hidden, hidden = layer.hidden;
  const std::vector<V> gates = input_gates<Cell>(layer, weights, x);
  std::vector<V> current(static_cast<std::size_t>(layer.batch * row));
  for (std::int64_t step = 0; step < layer.steps; ++step) {
    cancel.check();
    const auto time = [&](std::int64_t b) { return reversed ? layer.lengths[b] - 1 - step : step; };
    const auto is_active = [&](std::int64_t b) { return step < layer.lengths[b]; };
    for (std::int64_t b = 0; b < layer.batch; ++b)
      if (is_active(b))
        std::copy_n(gates.begin() + (time(b) * layer.batch + b) * row, row, current.begin() + b * row);
    CellState<V> next = state;
    cell.step(layer, static_cast<std::size_t>(direction), weights, current, next);
    for (std::int64_t b = 0; b < layer.batch; ++b) {
      if (!is_active(b)) continue;
      std::copy_n(next.h.begin() + b * hidden, hidden, state.h.begin() + b * hidden);
      std::copy_n(next.c.begin() + b * hidden, hidden, state.c.begin() + b * hidden);
      if (y)
        std::copy_n(next.h.begin() + b * hidden, hidden, y + sequence_offset(layer, time(b), direction, b));
    }
  }
}

Dims sequence_dims(const Layer& l) {
  return l.batch_first ? Dims{l.batch, l.steps, l.directions, l.hidden}
                       : Dims{l.steps, l.directions, l.batch, l.hidden};
}
Dims state_dims(const Layer& l) {
  return l.batch_first ? Dims{l.batch, l.directions, l.hidden} : Dims{l.directions, l.batch, l.hidden};
}

template <class Cell, class T>
void run_layer(KernelContext& context, const Layer& layer) {
  using V = ComputeType<T>;
  const DataType type = context.input(0).type();
  const Tensor none(type, {0});
  const auto optional = [&](std::size_t index) -> const Tensor& {
    return context.has_input(index) ? context.input(index) : none;
  };
  const ComputeInput<T> x(context.input(0)), w(context.input(1)), r(context.input(2)), bias(optional(3)),
      h(optional(5)), c(optional(6)), peephole(optional(7));
  Tensor all(type, sequence_dims(layer)), last_h(type, state_dims(layer)), last_c(type, state_dims(layer));
  ComputeOutput<T> y(all), y_h(last_h), y_c(last_c);
  std::fill_n(y.data(), all.size(), V{});
  const Cell cell(context, layer.directions);
  const std::int64_t row = layer.gates * layer.hidden;
  for (std::int64_t d = 0; d < layer.directions; ++d) {
    const CellWeights<V> weights{w.data() + d * row * layer.input, r.data() + d * row * layer.hidden,
                                 context.has_input(3) ? bias.data() + d * 2 * row : nullptr,
                                 context.has_input(7) ? peephole.data() + d * 3 * layer.hidden : nullptr};
    CellState<V> state{initial_state(layer, d, context.has_input(5) ? h.data() : nullptr),
                       initial_state(layer, d, context.has_input(6) ? c.data() : nullptr)};
    run_direction(layer, cell, d, weights, x.data(), state, y.data(), context.cancel);
    for (std::int64_t b = 0; b < layer.batch; ++b) {
      std::copy_n(state.h.begin() + b * layer.hidden, layer.hidden, y_h.data() + state_offset(layer, d, b));
      std::copy_n(state.c.begin() + b * layer.hidden, layer.hidden, y_c.data() + state_offset(layer, d, b));
    }
  }
  y.store(), y_h.store(), y_c.store();
  if (context.wants_output(0)) context.set_output(0, std::move(all));
  if (context.wants_output(1)) context.set_output(1, std::move(last_h));
  if (context.wants_output(2)) context.set_output(2, std::move(last_c));
}

template <class Cell>
void recurrent(KernelContext& context) {
  const Layer layer = read_layer(context, Cell::gates);
  dispatch(FloatTypes{}, context.input(0).type(), [&]<class T>() { run_layer<Cell, T>(context, layer); });
}

// --- inference, cost, records ---

void infer_recurrent(InferenceContext& context) {
  const auto& x = context.input_shape(0);
  const auto& r = context.input_shape(2);
  const bool batch_first = context.integer("layout", 0) != 0;
  const Dimension directions = direction_count(context.text("direction", "forward"));
  Dimension hidden;
  if (context.has_attribute("hidden_size")) hidden = context.integer("hidden_size", 0);
  if (r && r->size() == 3) hidden = (*r)[2];
  Dimension steps, batch;
  if (x && x->size() == 3) steps = (*x)[batch_first ? 1 : 0], batch = (*x)[batch_first ? 0 : 1];
  const Shape state = batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
  context.set_output(
      0, context.input_element(0),
      batch_first ? Shape{batch, steps, directions, hidden} : Shape{steps, directions, batch, hidden});
  for (std::size_t i = 1; i < context.output_count(); ++i)
    context.set_output(i, context.input_element(0), state);
}

/// Each step of each sequence meets all weights once; a gate costs about four operations beside.
std::optional<Cost> recurrent_cost(const CostContext& context) {
  const auto x = context.input_dims(0), w = context.input_dims(1), r = context.input_dims(2);
  if (!x || !w || !r || x->size() != 3 || w->size() != 3) return std::nullopt;
  const double rows = static_cast<double>((*x)[0] * (*x)[1]);
  const double macs = rows * static_cast<double>(element_count(*w) + element_count(*r));
  return Cost{macs, 2 * macs + 4 * rows * static_cast<double>((*w)[0] * (*w)[1])};
}

Operator recurrent_record(const char* name, const char* summary, KernelFunction kernel) {
  return Operator(name, 7, OperatorKind::MatrixAndConvolution)
      .summary(summary)
      .optional_attribute("activation_alpha", AttributeType::Floats,
                          "First parameters of the activations that have one.")
      .optional_attribute("activation_beta", AttributeType::Floats,
                          "Second parameters of the activations that have one.")
      .optional_attribute("activations", AttributeType::Strings,
                          "Names of the activation functions, direction by direction.")
      .optional_attribute("clip", AttributeType::Float, "Limits the inputs of activations to ±clip.")
      .attribute("direction", std::string("forward"), "forward, reverse or bidirectional.")
      .optional_attribute("hidden_size", AttributeType::Int, "Number of hidden units.")
      .input("X", "T", "Sequences [steps, batch, input].")
      .input("W", "T", "Weights of the input [directions, gates·hidden, input].")
      .input("R", "T", "Weights of the hidden state [directions, gates·hidden, hidden].")
      .optional_input("B", "T", "Biases of W and of R [directions, 2·gates·hidden].")
      .optional_input("sequence_lens", "T1", "Steps of each sequence [batch].")
      .optional_input("initial_h", "T", "Hidden state before the first step [directions, batch, hidden].")
      .optional_output("Y", "T", "Hidden state of every step [steps, directions, batch, hidden].")
      .optional_output("Y_h", "T", "Hidden state after the last step [directions, batch, hidden].")
      .constraint("T", types::floats())
      .constraint("T1", {"tensor(int32)"})
      .infer(reporting_errors(infer_recurrent))
      .kernel(kernel)
      .cost(recurrent_cost);
}

Operator with_output_sequence(Operator record, int version) {
  return record.at(version).attribute("output_sequence", std::int64_t{0}, "Whether Y is wanted.");
}

/// Versions 7, 14 (batch-first layout) and 22 (bfloat16), which all three share.
void add_recent_versions(OperatorTable& table, const Operator& record) {
  table.add(record);
  const Operator with_layout = record.at(14).attribute(
      "layout", std::int64_t{0}, "0: steps before batch; 1: batch first in X, Y and states.");
  table.add(with_layout);
  table.add(with_layout.at(22).constraint("T", types::floats_and_bfloat16()));
}

}  // namespace

void register_recurrent(OperatorTable& table) {
  const Operator rnn =
      recurrent_record("RNN", "One layer of a simple recurrent network.", recurrent<SimpleCell>)
          .example(
              "X = float[2, 1, 1]{1, 2}; W = float[1, 1, 1]{0.5}; R = float[1, 1, 1]{0.25}; hidden_size = 1 "
              "-> Y, Y_h")
          .attribute("activations", std::vector<std::string>{"Tanh", "Tanh"},
                     "Names of the activation functions, one a direction.");
  table.add(with_output_sequence(rnn, 1));
  add_recent_versions(table, rnn);

  const Operator gru =
      recurrent_record("GRU", "One layer of gated recurrent units: update, reset and hidden gates.",
                       recurrent<GatedCell>)
          .example(
              "X = float[2, 1, 1]{1, 2}; W = float[1, 3, 1]{0.5}; R = float[1, 3, 1]{0.25}; hidden_size = 1 "
              "-> Y, Y_h")
          .attribute("linear_before_reset", std::int64_t{0},
                     "Whether the hidden gate's recurrence is computed before the reset gate scales it.");
  Operator gru1 = with_output_sequence(gru, 1).without_attribute("linear_before_reset");
  gru1.outputs[1].arity = Arity::Single;
  table.add(gru1);
  table.add(with_output_sequence(gru, 3));
  add_recent_versions(table, gru);

  const Operator lstm =
      recurrent_record("LSTM", "One layer of long short-term memory: input, output, forget and cell gates.",
                       recurrent<LongShortTermCell>)
          .example(
              "X = float[2, 1, 1]{1, 2}; W = float[1, 4, 1]{0.5}; R = float[1, 4, 1]{0.25}; hidden_size = 1 "
              "-> Y, Y_h, Y_c")
          .attribute("input_forget", std::int64_t{0}, "Whether the forget gate is one minus the input gate.")
          .optional_input("initial_c", "T", "Cell state before the first step [directions, batch, hidden].")
          .optional_input("P", "T",
                          "Peephole weights of the input, output and forget gates [directions, 3·hidden].")
          .optional_output("Y_c", "T", "Cell state after the last step [directions, batch, hidden].");
  table.add(with_output_sequence(lstm, 1));
  add_recent_versions(table, lstm);
  table.note_change("GRU", 7, "each sequence may have its own length, and Y may be left out");
}

}  // namespace lapidary
