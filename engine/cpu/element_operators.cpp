#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/cpu/fusion.h"

// What steps each element-wise operator stands for. Operands of the programs made here number the node's
// input slots; results of steps come behind them.
namespace lapidary::cpu {
namespace {

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
    {"ThresholdedRelu", ElementCode::ThresholdedRelu, "alpha", 1.0f},
    {"Abs", ElementCode::Abs},
    {"Neg", ElementCode::Neg},
    {"Sign", ElementCode::Sign},
    {"Exp", ElementCode::Exp},
    {"Log", ElementCode::Log},
    {"Sqrt", ElementCode::Sqrt},
    {"Reciprocal", ElementCode::Reciprocal},
    {"Sin", ElementCode::Sin},
    {"Cos", ElementCode::Cos},
    {"Sigmoid", ElementCode::Sigmoid},
    {"Tanh", ElementCode::Tanh},
    {"Erf", ElementCode::Erf},
    {"Elu", ElementCode::Elu, "alpha", 1.0f},
    {"Celu", ElementCode::Celu, "alpha", 1.0f},
    {"Selu", ElementCode::Selu, "alpha", 1.67326319217681884765625f, "gamma", 1.05070102214813232421875f},
    {"Mish", ElementCode::Mish},
    {"Softsign", ElementCode::Softsign},
    {"HardSigmoid", ElementCode::HardSigmoid, "alpha", 0.2f, "beta", 0.5f},
    {"HardSwish", ElementCode::HardSwish},
    {"Swish", ElementCode::Swish, "alpha", 1.0f},
    {"Softplus", ElementCode::Softplus},
    {"Floor", ElementCode::Floor},
    {"Ceil", ElementCode::Ceil},
    {"Round", ElementCode::Round},
    {"BitwiseNot", ElementCode::BitNot},
};

/// Operators that fold two operands or more.
struct FoldingOperator {
  std::string_view op;
  ElementCode code;
};
constexpr FoldingOperator folding_operators[] = {
    {"Add", ElementCode::Add},           {"Sub", ElementCode::Sub},
    {"Mul", ElementCode::Mul},           {"Div", ElementCode::Div},
    {"Max", ElementCode::Max},           {"Min", ElementCode::Min},
    {"PRelu", ElementCode::PRelu},       {"Sum", ElementCode::Add},
    {"Mean", ElementCode::Add},          {"Mod", ElementCode::Mod},
    {"BitwiseAnd", ElementCode::BitAnd}, {"BitwiseOr", ElementCode::BitOr},
    {"BitwiseXor", ElementCode::BitXor}, {"Pow", ElementCode::Pow},
};

/// Operators whose result is bool.
struct Predicate {
  std::string_view op;
  ElementCode code;
  bool swapped = false;
};
constexpr Predicate predicates[] = {
    {"Equal", ElementCode::Equal},
    {"Less", ElementCode::Less},
    {"LessOrEqual", ElementCode::LessOrEqual},
    {"Greater", ElementCode::Less, true},
    {"GreaterOrEqual", ElementCode::LessOrEqual, true},
    {"And", ElementCode::Mul},
    {"Or", ElementCode::Max},
    {"Xor", ElementCode::NotEqual},
};

constexpr std::string_view others[] = {"Clip", "Gelu", "Not", "IsNaN", "IsInf", "Where", "Cast", "CastLike"};

bool is_float32_family(DataType type) {
  return type == DataType::Float32 || type == DataType::Float16 || type == DataType::BFloat16;
}

/// In which type arithmetic on elements of `type` is done.
DataType computed_in(DataType type) {
  return is_float32_family(type) || type == DataType::Bool ? DataType::Float32 : type;
}

DataType element_of(const LoweredGraph& graph, const LoweredNode& node, std::size_t slot) {
  return graph.has_input(node, slot) ? graph.input(node, slot).element : DataType::Undefined;
}

using Steps = std::optional<ElementProgram>;

ElementProgram program_for(const LoweredNode& node, DataType compute) {
  ElementProgram program;
  program.inputs = static_cast<int>(node.inputs.size());
  program.compute = compute;
  return program;
}

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
    case ElementCode::Pow:
      if (constant_first) return std::nullopt;
      if (c == 2) return ElementStep{ElementCode::Square, x};
      if (c == 0.5f) return ElementStep{ElementCode::Sqrt, x};
      if (c == 1) return ElementStep{ElementCode::Copy, x};
      if (c == -1) return ElementStep{ElementCode::Reciprocal, x};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// An integer divisor must be known not to be 0, since kernels cannot stop.
bool divides_safely(const LoweredGraph& graph, const LoweredNode& node) {
  const Tensor* divisor = graph.constant(node, 1);
  if (!divisor) return false;
  const auto values = values_as<std::int64_t>(*divisor);
  return std::none_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0 || v == -1; });
}

Steps folding_program(const LoweredGraph& graph, const LoweredNode& node, ElementCode code) {
  const DataType first = element_of(graph, node, 0);
  if (first == DataType::Bool) return std::nullopt;
  // Before version 7 a slope for each channel stood at the second axis.
  if (node.op == "PRelu" && node.record->since_version < 7 && graph.input(node, 1).size() != 1)
    return std::nullopt;
  ElementProgram program = program_for(node, computed_in(first));
  const bool is_power = code == ElementCode::Pow;
  for (std::size_t slot = 1; slot < node.inputs.size(); ++slot)
    if (!is_power && element_of(graph, node, slot) != first) return std::nullopt;
  if (node.op == "Mod" && node.node->attribute_or("fmod", std::int64_t{0}) != 0) code = ElementCode::Fmod;
  const bool divides = code == ElementCode::Div || code == ElementCode::Mod || code == ElementCode::Fmod;
  if (is_integer(first) && ((divides && !divides_safely(graph, node)) || node.op == "Mean"))
    return std::nullopt;
  if (node.inputs.size() == 1) program.steps = {{ElementCode::Copy, 0}};
  if (node.inputs.size() == 2 && node.op != "Mean" && program.compute == DataType::Float32)
    for (std::size_t slot = 0; slot < 2; ++slot)
      if (const auto c = graph.scalar(node, slot);
          c && graph.values[node.inputs[1 - slot]].dims == graph.output(node).dims)
        if (const auto step = with_scalar(code, *c, slot == 0)) {
          program.steps = {*step};
          return program;
        }
  int result = 0;
  for (int slot = 1; slot < static_cast<int>(node.inputs.size()); ++slot) {
    program.steps.push_back({code, result, slot});
    result = program.inputs + slot - 1;
  }
  if (node.op == "Mean" && node.inputs.size() > 1)
    program.steps.push_back(
        {ElementCode::Affine, result, -1, 1.0f / static_cast<float>(node.inputs.size()), 0});
  return program;
}

/// Clip with its limits as attributes (before version 11) or inputs.
Steps clip_program(const LoweredGraph& graph, const LoweredNode& node) {
  const DataType type = element_of(graph, node, 0);
  ElementProgram program = program_for(node, computed_in(type));
  ElementStep step{ElementCode::Clip, 0, -1,
                   node.node->attribute_or("min", std::numeric_limits<float>::lowest()),
                   node.node->attribute_or("max", std::numeric_limits<float>::max())};
  bool constant = program.compute == DataType::Float32;
  for (std::size_t slot = 1; slot < node.inputs.size() && constant; ++slot) {
    if (!graph.has_input(node, slot)) continue;
    const auto limit = graph.scalar(node, slot);
    constant = limit.has_value();
    if (limit) (slot == 1 ? step.alpha : step.beta) = *limit;
  }
  if (constant) {
    program.steps = {step};
    return program;
  }
  if (node.record->since_version < 11) return std::nullopt;
  int result = 0;
  for (int slot = 1; slot < static_cast<int>(node.inputs.size()); ++slot) {
    if (!graph.has_input(node, static_cast<std::size_t>(slot))) continue;
    program.steps.push_back({slot == 1 ? ElementCode::Max : ElementCode::Min, result, slot});
    result = program.inputs + static_cast<int>(program.steps.size()) - 1;
  }
  if (program.steps.empty()) program.steps = {{ElementCode::Copy, 0}};
  return program;
}

Steps cast_program(const LoweredGraph& graph, const LoweredNode& node) {
  const DataType from = element_of(graph, node, 0), to = graph.output(node).element;
  const bool wide = from == DataType::Float64 || to == DataType::Float64;
  const bool floats = is_float32_family(from) || is_float32_family(to);
  const DataType compute = wide                                                 ? DataType::Float64
                           : floats                                             ? DataType::Float32
                           : from == DataType::Bool && to == DataType::Bool     ? DataType::Float32
                           : from == DataType::UInt64 || to == DataType::UInt64 ? DataType::UInt64
                                                                                : DataType::Int64;
  ElementProgram program = program_for(node, compute);
  program.steps = {{to == DataType::Bool ? ElementCode::NotZero : ElementCode::Copy, 0}};
  return program;
}

Steps other_program(const LoweredGraph& graph, const LoweredNode& node) {
  ElementProgram program = program_for(node, computed_in(element_of(graph, node, 0)));
  if (node.op == "Clip") return clip_program(graph, node);
  if (node.op == "Cast" || node.op == "CastLike") return cast_program(graph, node);
  if (node.op == "Not") {
    program.steps = {{ElementCode::Not, 0}};
  } else if (node.op == "IsNaN") {
    program.steps = {{ElementCode::IsNaN, 0}};
  } else if (node.op == "IsInf") {
    const auto wanted = [&](const char* name) {
      return node.node->attribute_or(name, std::int64_t{1}) != 0 ? 1.0f : 0.0f;
    };
    program.steps = {{ElementCode::IsInf, 0, -1, wanted("detect_positive"), wanted("detect_negative")}};
  } else if (node.op == "Where") {
    if (element_of(graph, node, 1) != element_of(graph, node, 2)) return std::nullopt;
    program.compute = computed_in(element_of(graph, node, 1));
    program.steps = {{ElementCode::Where, 0, 1, 0, 0, 2}};
  } else {
    const bool by_tanh = node.node->attribute_or("approximate", std::string("none")) == "tanh";
    program.steps = {{by_tanh ? ElementCode::GeluTanh : ElementCode::Gelu, 0}};
  }
  return program;
}

template <class Table>
auto find(const Table& table, std::string_view op) {
  const auto found =
      std::find_if(std::begin(table), std::end(table), [&](const auto& entry) { return entry.op == op; });
  return found == std::end(table) ? nullptr : found;
}

Steps steps_of(const LoweredGraph& graph, const LoweredNode& node) {
  if (const auto* unary = find(unary_operators, node.op)) {
    ElementProgram program = program_for(node, computed_in(element_of(graph, node, 0)));
    if (node.op == "Selu" && node.record->since_version < 6) return std::nullopt;  // with fewer digits
    program.steps = {{unary->code, 0, -1,
                      unary->alpha_name ? node.node->attribute_or(unary->alpha_name, unary->alpha) : 0.0f,
                      unary->beta_name ? node.node->attribute_or(unary->beta_name, unary->beta) : 0.0f}};
    return program;
  }
  if (const auto* folding = find(folding_operators, node.op))
    return folding_program(graph, node, folding->code);
  if (const auto* predicate = find(predicates, node.op)) {
    if (node.inputs.size() != 2 || element_of(graph, node, 0) != element_of(graph, node, 1))
      return std::nullopt;
    ElementProgram program = program_for(node, computed_in(element_of(graph, node, 0)));
    program.steps = {{predicate->code, predicate->swapped ? 1 : 0, predicate->swapped ? 0 : 1}};
    return program;
  }
  return other_program(graph, node);
}

bool broadcasts(const Dims& from, const Dims& to) {
  if (from.size() > to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1 && from[i] != to[to.size() - from.size() + i]) return false;
  return true;
}

/// Every operand is a tensor of an element type that can be converted, and broadcasts to the result.
bool has_fitting_operands(const LoweredGraph& graph, const LoweredNode& node) {
  const auto fits = [&](ValueId id) {
    return graph.values[id].is_static && is_convertible(graph.values[id].element);
  };
  if (node.outputs.size() != 1 || node.outputs[0] < 0 || node.inputs.empty() || node.inputs[0] < 0 ||
      !fits(node.outputs[0]))
    return false;
  const Dims& dims = graph.output(node).dims;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return id < 0 || (fits(id) && (broadcasts(graph.values[id].dims, dims) || node.op == "CastLike"));
  });
}

}  // namespace

bool is_element_operator(std::string_view op) {
  return find(unary_operators, op) || find(folding_operators, op) || find(predicates, op) ||
         std::find(std::begin(others), std::end(others), op) != std::end(others);
}

std::optional<ElementProgram> element_program_of(const LoweredGraph& graph, const LoweredNode& node) {
  if (!is_element_operator(node.op) || !has_fitting_operands(graph, node) ||
      (node.node && !normalized_domain(node.node->domain).empty()))
    return std::nullopt;
  // More axes than the kernel walks, or nothing to do: the operator stays what it is.
  if (graph.output(node).dims.size() > 8 || graph.output(node).size() == 0) return std::nullopt;
  // Before version 7 the second operand could be aligned to an axis other than the last.
  if (node.node && node.node->find_attribute("broadcast")) return std::nullopt;
  auto program = steps_of(graph, node);
  const bool known =
      program && std::all_of(program->steps.begin(), program->steps.end(),
                             [&](const auto& step) { return can_apply(program->compute, step.code); });
  return known ? program : std::nullopt;
}

}  // namespace lapidary::cpu
