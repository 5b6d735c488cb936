#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

// RNN, GRU and LSTM in both directions: one matrix product for the inputs of all steps, then, step by step,
// one for the state, and vector arithmetic for the gates.
namespace lapidary::cpu {
namespace {

struct Layer {
  std::int64_t steps, batch, input, hidden, gates, directions;
  bool batch_first = false, first_reversed = false, linear_before_reset = false;
  std::vector<ElementCode> activations;  ///< as many for each direction
  BufferId x, w, r, b, h0, c0;           ///< -1: left out
  BufferId y, y_h, y_c, sums, state;

  std::int64_t row() const { return gates * hidden; }
  const ElementCode* activation(std::int64_t direction) const {
    return &activations[static_cast<std::size_t>(direction) * activations.size() /
                        static_cast<std::size_t>(directions)];
  }
};

/// One direction while it runs; rows of a step stand `stride` apart.
struct Direction {
  std::int64_t number;
  const float *r, *recurrence_bias;  ///< the bias of the recurrence's last gate, where it stays apart
  float *sums, *h, *c, *scratch;
  std::int64_t stride;
  const ElementCode* f;
};

void multiply(std::int64_t rows, std::int64_t columns, std::int64_t depth, const float* a, std::int64_t a_row,
              const float* transposed_b, float beta, float* c, std::int64_t c_row) {
  dnnl_sgemm('N', 'T', rows, columns, depth, 1.0f, a, a_row, transposed_b, depth, beta, c, c_row);
}

void activate(ElementCode code, float* x, std::int64_t count) { apply({code}, x, nullptr, x, count); }

void step_simple(const Layer& l, const Direction& d, float* gates) {
  multiply(l.batch, l.hidden, l.hidden, d.h, l.hidden, d.r, 1, gates, d.stride);
  for (std::int64_t n = 0; n < l.batch; ++n) {
    activate(d.f[0], gates + n * d.stride, l.hidden);
    std::memcpy(d.h + n * l.hidden, gates + n * d.stride, static_cast<std::size_t>(l.hidden) * 4);
  }
}

/// Gates lie in the order update, reset, candidate.
void step_gated(const Layer& l, const Direction& d, float* gates) {
  const std::int64_t hidden = l.hidden;
  const float* const candidate_weights = d.r + 2 * hidden * hidden;
  multiply(l.batch, 2 * hidden, hidden, d.h, hidden, d.r, 1, gates, d.stride);
  for (std::int64_t n = 0; n < l.batch; ++n) activate(d.f[0], gates + n * d.stride, 2 * hidden);
  float *const reset_state = d.scratch, *const recurrent = d.scratch + l.batch * hidden;
  if (!l.linear_before_reset)
    for (std::int64_t n = 0; n < l.batch; ++n)
      for (std::int64_t i = 0; i < hidden; ++i)
        reset_state[n * hidden + i] = gates[n * d.stride + hidden + i] * d.h[n * hidden + i];
  multiply(l.batch, hidden, hidden, l.linear_before_reset ? d.h : reset_state, hidden, candidate_weights, 0,
           recurrent, hidden);
  for (std::int64_t n = 0; n < l.batch; ++n) {
    float *const update = gates + n * d.stride, *const candidate = update + 2 * hidden;
    const float *const reset = update + hidden, *const more = recurrent + n * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) {
      const float bias = d.recurrence_bias ? d.recurrence_bias[i] : 0.0f;
      candidate[i] += l.linear_before_reset ? reset[i] * (more[i] + bias) : more[i];
    }
    activate(d.f[1], candidate, hidden);
    float* const h = d.h + n * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) h[i] = (1 - update[i]) * candidate[i] + update[i] * h[i];
  }
}

/// Gates lie in the order input, output, forget, cell.
void step_long_short(const Layer& l, const Direction& d, float* gates) {
  const std::int64_t hidden = l.hidden;
  multiply(l.batch, 4 * hidden, hidden, d.h, hidden, d.r, 1, gates, d.stride);
  for (std::int64_t n = 0; n < l.batch; ++n) {
    float* const in = gates + n * d.stride;
    activate(d.f[0], in, 3 * hidden);
    activate(d.f[1], in + 3 * hidden, hidden);
    const float *const out = in + hidden, *const forget = in + 2 * hidden, *const cell = in + 3 * hidden;
    float *const c = d.c + n * hidden, *const h = d.h + n * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) h[i] = c[i] = forget[i] * c[i] + in[i] * cell[i];
    activate(d.f[2], h, hidden);
    for (std::int64_t i = 0; i < hidden; ++i) h[i] *= out[i];
  }
}

/// X·Wᵀ and the biases for all steps.
void sum_inputs(const Layer& l, Session& session, Direction& d) {
  const std::int64_t row = l.row(), count = l.steps * l.batch;
  const float* const w = session.read<float>(l.w) + d.number * row * l.input;
  multiply(count, row, l.input, session.read<float>(l.x), l.input, w, 0, d.sums, row);
  if (l.b < 0) return;
  const float* const bias = session.read<float>(l.b) + d.number * 2 * row;
  const std::int64_t apart = l.linear_before_reset ? 2 * l.hidden : row;
  if (l.linear_before_reset) d.recurrence_bias = bias + row + apart;
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t k = 0; k < row; ++k)
      d.sums[i * row + k] += bias[k] + (k < apart ? bias[row + k] : 0.0f);
}

/// Copies rows [batch, hidden] between a state and its place in a tensor whose rows stand `stride` apart.
void copy_rows(const Layer& l, const float* from, std::int64_t from_stride, float* to,
               std::int64_t to_stride) {
  for (std::int64_t n = 0; n < l.batch; ++n)
    std::memcpy(to + n * to_stride, from + n * from_stride, static_cast<std::size_t>(l.hidden) * 4);
}

void run_direction(const Layer& l, Session& session, std::int64_t number) {
  const std::int64_t size = l.batch * l.hidden,
                     state_row = l.batch_first ? l.directions * l.hidden : l.hidden,
                     state_place = number * (l.batch_first ? l.hidden : size);
  float* const state = session.write<float>(l.state);
  Direction d{number,
              session.read<float>(l.r) + number * l.row() * l.hidden,
              nullptr,
              session.write<float>(l.sums),
              state,
              state + size,
              state + 2 * size,
              l.batch_first ? l.steps * l.row() : l.row(),
              l.activation(number)};
  sum_inputs(l, session, d);
  for (const auto& [given, at] : {std::pair(l.h0, d.h), std::pair(l.c0, d.c)})
    if (given >= 0)
      copy_rows(l, session.read<float>(given) + state_place, state_row, at, l.hidden);
    else
      std::fill_n(at, size, 0.0f);
  const bool reversed = number == 1 || l.first_reversed;
  for (std::int64_t i = 0; i < l.steps; ++i) {
    const std::int64_t t = reversed ? l.steps - 1 - i : i;
    float* const gates = d.sums + t * (l.batch_first ? l.row() : l.batch * l.row());
    (l.gates == 1 ? step_simple : l.gates == 3 ? step_gated : step_long_short)(l, d, gates);
    if (l.y < 0) continue;
    float* const y = session.write<float>(l.y);
    if (l.batch_first)  // [N, T, D, H]
      copy_rows(l, d.h, l.hidden, y + (t * l.directions + number) * l.hidden,
                l.steps * l.directions * l.hidden);
    else  // [T, D, N, H]
      copy_rows(l, d.h, l.hidden, y + (t * l.directions + number) * size, l.hidden);
  }
  if (l.y_h >= 0) copy_rows(l, d.h, l.hidden, session.write<float>(l.y_h) + state_place, state_row);
  if (l.y_c >= 0) copy_rows(l, d.c, l.hidden, session.write<float>(l.y_c) + state_place, state_row);
}

std::optional<ElementCode> activation_named(const std::string& name) {
  static constexpr std::pair<std::string_view, ElementCode> known[] = {{"Sigmoid", ElementCode::Sigmoid},
                                                                       {"Tanh", ElementCode::Tanh},
                                                                       {"Relu", ElementCode::Relu},
                                                                       {"Softsign", ElementCode::Softsign},
                                                                       {"Softplus", ElementCode::Softplus}};
  for (const auto& [text, code] : known)
    if (text == name) return code;
  return std::nullopt;
}

std::string read_activations(const LoweredNode& node, Layer& layer) {
  const std::size_t each = layer.gates == 1 ? 1 : layer.gates == 3 ? 2 : 3;
  std::vector<std::string> names;
  for (std::int64_t d = 0; d < layer.directions; ++d)
    for (std::size_t i = 0; i < each; ++i) names.emplace_back(i == 0 && each > 1 ? "Sigmoid" : "Tanh");
  names = node.node->attribute_or("activations", names);
  if (names.size() != each * static_cast<std::size_t>(layer.directions)) return "other activations";
  for (const auto& name : names) {
    const auto code = activation_named(name);
    if (!code) return "activation " + name;
    layer.activations.push_back(*code);
  }
  return "";
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  for (const std::size_t slot : {0, 1, 2, 3, 5, 6})
    if (graph.has_input(node, slot) && !graph.is_float(node.inputs[slot])) return "not float32";
  if (graph.has_input(node, 4) || graph.has_input(node, 7)) return "lengths of sequences, or peepholes";
  for (const char* name : {"clip", "activation_alpha", "activation_beta"})
    if (node.node->find_attribute(name)) return std::string("attribute ") + name;
  if (node.node->attribute_or("input_forget", std::int64_t{0}) != 0) return "coupled gates";
  return node.record->since_version < 7 ? "an old version" : "";
}

}  // namespace

std::string plan_recurrent_cells(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  const Dims &x = graph.input(node, 0).dims, &r = graph.input(node, 2).dims;
  auto layer = std::make_shared<Layer>();
  layer->batch_first = node.node->attribute_or("layout", std::int64_t{0}) != 0;
  layer->steps = x[layer->batch_first ? 1 : 0];
  layer->batch = x[layer->batch_first ? 0 : 1];
  layer->input = x[2];
  layer->hidden = r[2];
  layer->directions = r[0];
  layer->gates = node.op == "RNN" ? 1 : node.op == "GRU" ? 3 : 4;
  layer->first_reversed = node.node->attribute_or("direction", std::string("forward")) == "reverse";
  layer->linear_before_reset =
      node.op == "GRU" && node.node->attribute_or("linear_before_reset", std::int64_t{0}) != 0;
  if (auto reason = read_activations(node, *layer); !reason.empty()) return reason;
  std::vector<BufferId> reads, writes;
  const auto input = [&](std::size_t slot) {
    if (!graph.has_input(node, slot)) return -1;
    reads.push_back(planner.plain(node.inputs[slot]));
    return reads.back();
  };
  const auto output = [&](std::size_t slot) {
    if (slot >= node.outputs.size() || node.outputs[slot] < 0) return -1;
    writes.push_back(planner.define(node.outputs[slot]));
    return writes.back();
  };
  layer->x = input(0), layer->w = input(1), layer->r = input(2), layer->b = input(3);
  layer->h0 = input(5), layer->c0 = input(6);
  layer->y = output(0), layer->y_h = output(1), layer->y_c = output(2);
  writes.push_back(layer->sums = planner.make(layer->steps * layer->batch * layer->row() * 4));
  writes.push_back(layer->state = planner.make(layer->batch * layer->hidden * 4 * 4));
  planner.add_step(node, "oneDNN gemm, Highway", std::move(reads), std::move(writes),
                   [layer](Session& session) {
                     for (std::int64_t d = 0; d < layer->directions; ++d) run_direction(*layer, session, d);
                   });
  return "";
}

}  // namespace lapidary::cpu
