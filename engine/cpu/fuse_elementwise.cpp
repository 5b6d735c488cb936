#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/cpu/fusion.h"

namespace lapidary::cpu {
namespace {

constexpr std::size_t most_steps = 24, most_inputs = 12;

struct UnaryOperator {
  std::string_view op;
  ElementCode code;
  const char* alpha_name = nullptr;
  float alpha = 0;
  const char* beta_name = nullptr;
  float beta = 0;
};
/// Operators of one operand, with their attributes and defaults.
constexpr UnaryOperator unary_operators[] = {
    {"Relu", ElementCode::Relu},
    {"LeakyRelu", ElementCode::Relu, "alpha", 0.01f},
    {"Abs", ElementCode::Abs},
    {"Neg", ElementCode::Neg},
    {"Exp", ElementCode::Exp},
    {"Log", ElementCode::Log},
    {"Sqrt", ElementCode::Sqrt},
    {"Reciprocal", ElementCode::Reciprocal},
    {"Sigmoid", ElementCode::Sigmoid},
    {"Tanh", ElementCode::Tanh},
    {"Erf", ElementCode::Erf},
    {"Elu", ElementCode::Elu, "alpha", 1.0f},
    {"HardSigmoid", ElementCode::HardSigmoid, "alpha", 0.2f, "beta", 0.5f},
    {"HardSwish", ElementCode::HardSwish},
    {"Swish", ElementCode::Swish, "alpha", 1.0f},
    {"Softplus", ElementCode::Softplus},
    {"Floor", ElementCode::Floor},
    {"Ceil", ElementCode::Ceil},
    {"Round", ElementCode::Round},
};

struct BinaryOperator {
  std::string_view op;
  ElementCode code;
};
constexpr BinaryOperator binary_operators[] = {
    {"Add", ElementCode::Add},     {"Sub", ElementCode::Sub},    {"Mul", ElementCode::Mul},
    {"Div", ElementCode::Div},     {"Max", ElementCode::Max},    {"Min", ElementCode::Min},
    {"PRelu", ElementCode::PRelu}, {"Pow", ElementCode::Square},
};

/// `x op c` or `c op x` with one constant number as a step of one operand.
std::optional<ElementStep> with_scalar(ElementCode code, float c, bool constant_first) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const int x = constant_first ? 1 : 0;
  switch (code) {
    case ElementCode::Add:
      return ElementStep{ElementCode::Affine, x, -1, 1, c};
    case ElementCode::Sub:
      return constant_first ? ElementStep{ElementCode::Affine, x, -1, -1, c}
                            : ElementStep{ElementCode::Affine, x, -1, 1, -c};
    case ElementCode::Mul:
      return ElementStep{ElementCode::Affine, x, -1, c, 0};
    case ElementCode::Div:
      if (constant_first || !std::isnormal(1 / c)) return std::nullopt;
      return ElementStep{ElementCode::Affine, x, -1, 1 / c, 0};
    case ElementCode::Max:
      if (std::isnan(c)) return std::nullopt;  // Clip leaves what a limit without a number says
      return ElementStep{ElementCode::Clip, x, -1, c, infinity};
    case ElementCode::Min:
      if (std::isnan(c)) return std::nullopt;
      return ElementStep{ElementCode::Clip, x, -1, -infinity, c};
    default:
      return std::nullopt;
  }
}

std::optional<ElementStep> power_of(const LoweredGraph& graph, const LoweredNode& node) {
  const auto exponent = graph.scalar(node, 1);
  if (!exponent) return std::nullopt;
  if (*exponent == 2) return ElementStep{ElementCode::Square, 0};
  if (*exponent == 0.5f) return ElementStep{ElementCode::Sqrt, 0};
  if (*exponent == 1) return ElementStep{ElementCode::Affine, 0, -1, 1, 0};
  if (*exponent == -1) return ElementStep{ElementCode::Reciprocal, 0};
  return std::nullopt;
}

std::optional<ElementStep> binary_step(const LoweredGraph& graph, const LoweredNode& node, ElementCode code) {
  if (node.inputs.size() != 2) return std::nullopt;
  if (node.op == "Pow") return power_of(graph, node);
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.inputs[1])) return std::nullopt;
  for (std::size_t slot = 0; slot < 2; ++slot)
    if (const auto c = graph.scalar(node, slot))
      if (graph.values[node.inputs[1 - slot]].dims == graph.output(node).dims)
        if (const auto step = with_scalar(code, *c, slot == 0)) return step;
  return ElementStep{code, 0, 1};
}

/// Clip with its limits as attributes (before version 11) or inputs.
std::optional<ElementStep> clip_step(const LoweredGraph& graph, const LoweredNode& node) {
  ElementStep step{ElementCode::Clip, 0, -1,
                   node.node->attribute_or("min", std::numeric_limits<float>::lowest()),
                   node.node->attribute_or("max", std::numeric_limits<float>::max())};
  for (std::size_t slot = 1; slot < node.inputs.size(); ++slot) {
    if (!graph.has_input(node, slot)) continue;
    const auto limit = graph.scalar(node, slot);
    if (!limit) return std::nullopt;
    (slot == 1 ? step.alpha : step.beta) = *limit;
  }
  return step;
}

}  // namespace

bool is_element_operator(std::string_view op) {
  const auto named = [&](const auto& entry) { return entry.op == op; };
  return op == "Clip" || op == "Gelu" ||
         std::any_of(std::begin(unary_operators), std::end(unary_operators), named) ||
         std::any_of(std::begin(binary_operators), std::end(binary_operators), named);
}

std::optional<ElementStep> element_step_of(const LoweredGraph& graph, const LoweredNode& node) {
  if (node.outputs.size() != 1 || node.inputs.empty() || !graph.is_float(node.outputs[0]) ||
      (node.node && !normalized_domain(node.node->domain).empty()) || !graph.is_float(node.inputs[0]))
    return std::nullopt;
  // More axes than the kernel walks, or nothing to do: the operator stays what it is.
  if (graph.output(node).dims.size() > 8 || graph.output(node).size() == 0) return std::nullopt;
  // Before version 7 the second operand could be aligned to an axis other than the last.
  if (node.node && node.node->find_attribute("broadcast")) return std::nullopt;
  if (node.op == "Clip") return clip_step(graph, node);
  if (node.op == "Gelu")
    return ElementStep{node.node->attribute_or("approximate", std::string("none")) == "tanh"
                           ? ElementCode::GeluTanh
                           : ElementCode::Gelu,
                       0};
  for (const auto& unary : unary_operators)
    if (unary.op == node.op)
      return ElementStep{unary.code, 0, -1,
                         unary.alpha_name ? node.node->attribute_or(unary.alpha_name, unary.alpha) : 0.0f,
                         unary.beta_name ? node.node->attribute_or(unary.beta_name, unary.beta) : 0.0f};
  // Before version 7 a slope for each channel stood at the second axis.
  if (node.op == "PRelu" && node.record && node.record->since_version < 7 &&
      graph.values[node.inputs.at(1)].size() != 1)
    return std::nullopt;
  for (const auto& binary : binary_operators)
    if (binary.op == node.op) return binary_step(graph, node, binary.code);
  return std::nullopt;
}

namespace {

void make_elementwise(LoweredGraph& graph, int index, const ElementStep& step) {
  LoweredNode& node = graph.nodes[index];
  const std::vector<ValueId> before = node.inputs;
  node.program.steps = {step};
  ElementStep& only = node.program.steps[0];
  std::vector<ValueId> used = {before[only.a]};
  only.a = 0;
  if (only.b >= 0) {
    used.push_back(before[only.b]);
    only.b = 1;
  }
  for (std::size_t slot = 0; slot < before.size(); ++slot) graph.set_input(index, slot, -1);
  node.inputs.clear();
  for (const ValueId id : used) graph.append_input(index, id);
  node.program.inputs = static_cast<int>(used.size());
  node.op = "Elementwise";
  node.record = nullptr;  // its kernel knows nothing of what the program will grow into
}

/// `from`'s program runs before `into`'s, in the same node.
void merge(LoweredGraph& graph, int from_index, int into_index) {
  const LoweredNode from = graph.nodes[from_index];
  const LoweredNode into = graph.nodes[into_index];
  std::vector<ValueId> inputs = from.inputs;
  const auto slot_of = [&](ValueId id) {
    const auto found = std::find(inputs.begin(), inputs.end(), id);
    if (found != inputs.end()) return static_cast<int>(found - inputs.begin());
    inputs.push_back(id);
    return static_cast<int>(inputs.size()) - 1;
  };
  std::vector<int> slots;
  for (const ValueId id : into.inputs) slots.push_back(id == from.outputs[0] ? -1 : slot_of(id));
  const int count = static_cast<int>(inputs.size());
  ElementProgram program;
  program.inputs = count;
  const auto add = [&](const LoweredNode& node, int base, auto&& input_of) {
    for (ElementStep step : node.program.steps) {
      const auto moved = [&](int operand) {
        if (operand < 0) return operand;
        return operand < node.program.inputs ? input_of(operand) : operand - node.program.inputs + base;
      };
      step.a = moved(step.a);
      step.b = moved(step.b);
      program.steps.push_back(step);
    }
  };
  add(from, count, [](int operand) { return operand; });
  const int result = count + static_cast<int>(from.program.steps.size()) - 1;
  add(into, result + 1, [&](int operand) { return slots[operand] < 0 ? result : slots[operand]; });
  for (std::size_t slot = 0; slot < into.inputs.size(); ++slot) graph.set_input(into_index, slot, -1);
  LoweredNode& merged = graph.nodes[into_index];
  merged.inputs.clear();
  for (const ValueId id : inputs) graph.append_input(into_index, id);
  merged.program = std::move(program);
  LoweredNode named = from;
  LoweredGraph::absorb(named, into);
  merged.origins = named.origins;
  merged.labels = named.labels;
  merged.shown =
      from.shown.empty() || into.shown.empty() ? from.shown + into.shown : from.shown + " + " + into.shown;
  graph.disconnect(from_index);
}

bool can_merge(const LoweredGraph& graph, int from, int into) {
  const LoweredNode& producer = graph.nodes[from];
  const LoweredNode& consumer = graph.nodes[into];
  const LoweredValue& between = graph.output(producer);
  return producer.op == "Elementwise" && !between.is_output && between.dims == graph.output(consumer).dims &&
         std::all_of(between.consumers.begin(), between.consumers.end(),
                     [&](int reader) { return reader == into; }) &&
         producer.program.steps.size() + consumer.program.steps.size() <= most_steps &&
         producer.inputs.size() + consumer.inputs.size() <= most_inputs;
}

}  // namespace

void group_elementwise(LoweredGraph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
    if (!graph.nodes[i].dead)
      if (const auto step = element_step_of(graph, graph.nodes[i])) make_elementwise(graph, i, *step);
  for (int i = static_cast<int>(graph.nodes.size()) - 1; i >= 0; --i) {
    if (graph.nodes[i].dead || graph.nodes[i].op != "Elementwise") continue;
    for (bool merged = true; merged;) {
      merged = false;
      for (const ValueId id : graph.nodes[i].inputs) {
        const int producer = graph.values[id].producer;
        if (producer < 0 || !can_merge(graph, producer, i)) continue;
        merge(graph, producer, i);
        merged = true;
        break;
      }
    }
  }
}

namespace {

bool near(float a, float b) { return std::fabs(a - b) <= 1e-5f * std::fabs(b); }

/// A window of steps, numbered from its first, that stands for one function of operand `x`.
struct Spelling {
  std::size_t length;
  std::optional<ElementStep> (*match)(const ElementStep* steps, int first);
};

bool is_affine(const ElementStep& step, int a, float alpha, float beta) {
  return step.code == ElementCode::Affine && step.a == a && near(step.alpha, alpha) &&
         (step.beta == beta || near(step.beta, beta));
}
bool is_product(const ElementStep& step, int a, int b) {
  return step.code == ElementCode::Mul && ((step.a == a && step.b == b) || (step.a == b && step.b == a));
}

/// x + 3, clip 0 6, times x, times 1/6.
std::optional<ElementStep> hard_swish(const ElementStep* s, int first) {
  const int x = s[0].a;
  if (is_affine(s[0], x, 1, 3) && s[1].code == ElementCode::Clip && s[1].a == first && s[1].alpha == 0 &&
      s[1].beta == 6 && is_product(s[2], x, first + 1) && is_affine(s[3], first + 2, 1.0f / 6, 0))
    return ElementStep{ElementCode::HardSwish, x};
  return std::nullopt;
}

/// x/√2, erf, plus 1, times x, times 1/2; or with x/2 before the product.
std::optional<ElementStep> gelu(const ElementStep* s, int first) {
  const int x = s[0].a;
  constexpr float root_half = 0.70710678f;
  const bool begins = is_affine(s[0], x, root_half, 0) && s[1].code == ElementCode::Erf && s[1].a == first &&
                      is_affine(s[2], first + 1, 1, 1);
  if (begins && is_product(s[3], x, first + 2) && is_affine(s[4], first + 3, 0.5f, 0))
    return ElementStep{ElementCode::Gelu, x};
  if (begins && is_affine(s[3], x, 0.5f, 0) && is_product(s[4], first + 2, first + 3))
    return ElementStep{ElementCode::Gelu, x};
  const bool halved = is_affine(s[0], x, 0.5f, 0) && is_affine(s[1], x, root_half, 0) &&
                      s[2].code == ElementCode::Erf && s[2].a == first + 1 &&
                      is_affine(s[3], first + 2, 1, 1);
  if (halved && is_product(s[4], first, first + 3)) return ElementStep{ElementCode::Gelu, x};
  return std::nullopt;
}

std::optional<ElementStep> swish(const ElementStep* s, int first) {
  const int x = s[0].a;
  if (s[0].code == ElementCode::Sigmoid && is_product(s[1], x, first))
    return ElementStep{ElementCode::Swish, x, -1, 1, 0};
  return std::nullopt;
}

std::optional<ElementStep> hard_swish_product(const ElementStep* s, int first) {
  const int x = s[0].a;
  if (s[0].code == ElementCode::HardSigmoid && near(s[0].alpha, 1.0f / 6) && s[0].beta == 0.5f &&
      is_product(s[1], x, first))
    return ElementStep{ElementCode::HardSwish, x};
  return std::nullopt;
}

/// (alpha·x + beta)·gamma + delta.
std::optional<ElementStep> affine_pair(const ElementStep* s, int first) {
  if (s[0].code != ElementCode::Affine || s[1].code != ElementCode::Affine || s[1].a != first)
    return std::nullopt;
  return ElementStep{ElementCode::Affine, s[0].a, -1, s[0].alpha * s[1].alpha,
                     s[0].beta * s[1].alpha + s[1].beta};
}

constexpr Spelling spellings[] = {
    {5, gelu}, {4, hard_swish}, {2, swish}, {2, hard_swish_product}, {2, affine_pair}};

/// Nobody outside the window reads what its steps before the last make.
bool is_closed(const ElementProgram& program, std::size_t begin, std::size_t length) {
  for (std::size_t i = begin + length; i < program.steps.size(); ++i)
    for (const int operand : {program.steps[i].a, program.steps[i].b}) {
      const int step = operand - program.inputs;
      if (step >= static_cast<int>(begin) && step < static_cast<int>(begin + length) - 1) return false;
    }
  return true;
}

void shorten(ElementProgram& program, std::size_t begin, std::size_t length, const ElementStep& by) {
  const int removed = static_cast<int>(length) - 1;
  const int last = program.inputs + static_cast<int>(begin) + removed;
  program.steps[begin] = by;
  program.steps.erase(program.steps.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
                      program.steps.begin() + static_cast<std::ptrdiff_t>(begin + length));
  for (std::size_t i = begin + 1; i < program.steps.size(); ++i)
    for (int* operand : {&program.steps[i].a, &program.steps[i].b})
      if (*operand >= last) *operand -= removed;
}

bool simplify_once(ElementProgram& program) {
  for (const Spelling& spelling : spellings)
    for (std::size_t begin = 0; begin + spelling.length <= program.steps.size(); ++begin) {
      const auto found = spelling.match(&program.steps[begin], program.inputs + static_cast<int>(begin));
      if (!found || !is_closed(program, begin, spelling.length)) continue;
      shorten(program, begin, spelling.length, *found);
      return true;
    }
  return false;
}

}  // namespace

void simplify_programs(LoweredGraph& graph) {
  for (LoweredNode& node : graph.nodes)
    if (!node.dead && node.op == "Elementwise")
      while (simplify_once(node.program)) {
      }
}

}  // namespace lapidary::cpu
