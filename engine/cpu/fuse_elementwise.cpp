#include <algorithm>
#include <cmath>

#include "engine/cpu/fusion.h"

namespace lapidary::cpu {
namespace {

constexpr std::size_t most_steps = 24, most_inputs = 12;

/// The node's program reads only the inputs that its steps use.
void make_elementwise(LoweredGraph& graph, int index, ElementProgram program) {
  LoweredNode& node = graph.nodes[index];
  const std::vector<ValueId> before = node.inputs;
  const int slots = program.inputs;
  std::vector<int> place(before.size(), -1);
  std::vector<ValueId> used;
  for (const ElementStep& step : program.steps)
    for (const int operand : step.operands()) {
      if (operand < 0 || operand >= slots || place[operand] >= 0) continue;
      place[operand] = static_cast<int>(used.size());
      used.push_back(before[operand]);
    }
  program.inputs = static_cast<int>(used.size());
  for (ElementStep& step : program.steps)
    for (int* const operand : step.operands())
      if (*operand >= 0) *operand = *operand < slots ? place[*operand] : *operand - slots + program.inputs;
  for (std::size_t slot = 0; slot < before.size(); ++slot) graph.set_input(index, slot, -1);
  node.inputs.clear();
  for (const ValueId id : used) graph.append_input(index, id);
  node.program = std::move(program);
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
  program.compute = into.program.compute;
  const auto add = [&](const LoweredNode& node, int base, auto&& input_of) {
    for (ElementStep step : node.program.steps) {
      const auto moved = [&](int operand) {
        if (operand < 0) return operand;
        return operand < node.program.inputs ? input_of(operand) : operand - node.program.inputs + base;
      };
      for (int* const operand : step.operands()) *operand = moved(*operand);
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

/// A program may go on with a result that it would have written and read again if nothing is lost in between:
/// it is a truth, or of the type in which both compute. What a model narrows by a Cast stays rounded.
bool continues(const LoweredGraph& graph, const LoweredNode& producer, const LoweredNode& consumer) {
  const DataType compute = producer.program.compute, between = graph.output(producer).element;
  return compute == consumer.program.compute && (between == compute || between == DataType::Bool);
}

bool can_merge(const LoweredGraph& graph, int from, int into) {
  const LoweredNode& producer = graph.nodes[from];
  const LoweredNode& consumer = graph.nodes[into];
  if (producer.op != "Elementwise") return false;  // others may leave out their first output
  const LoweredValue& between = graph.output(producer);
  return continues(graph, producer, consumer) && !between.is_output &&
         between.dims == graph.output(consumer).dims &&
         std::all_of(between.consumers.begin(), between.consumers.end(),
                     [&](int reader) { return reader == into; }) &&
         producer.program.steps.size() + consumer.program.steps.size() <= most_steps &&
         producer.inputs.size() + consumer.inputs.size() <= most_inputs;
}

}  // namespace

void group_elementwise(LoweredGraph& graph) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i)
    if (!graph.nodes[i].dead)
      if (auto program = element_program_of(graph, graph.nodes[i]))
        make_elementwise(graph, i, std::move(*program));
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

/// (alpha·x + beta)·gamma + delta; not where a shift is scaled, which shall give 0 exactly for x = −beta.
std::optional<ElementStep> affine_pair(const ElementStep* s, int first) {
  if (s[0].code != ElementCode::Affine || s[1].code != ElementCode::Affine || s[1].a != first ||
      (s[0].alpha == 1 && s[1].beta == 0))
    return std::nullopt;
  return ElementStep{ElementCode::Affine, s[0].a, -1, s[0].alpha * s[1].alpha,
                     s[0].beta * s[1].alpha + s[1].beta};
}

constexpr Spelling spellings[] = {
    {5, gelu}, {4, hard_swish}, {2, swish}, {2, hard_swish_product}, {2, affine_pair}};

/// Nobody outside the window reads what its steps before the last make.
bool is_closed(const ElementProgram& program, std::size_t begin, std::size_t length) {
  for (std::size_t i = begin + length; i < program.steps.size(); ++i)
    for (const int operand : program.steps[i].operands()) {
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
    for (int* const operand : program.steps[i].operands())
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
    if (!node.dead && node.op == "Elementwise" && node.program.compute == DataType::Float32)
      while (simplify_once(node.program)) {
      }
}

}  // namespace lapidary::cpu
