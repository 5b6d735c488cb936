// Graphs run by a condition or repeatedly: If, Loop.

#include <algorithm>
#include <limits>

#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/iteration.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- If ---

bool single_bool(const Tensor& tensor) {
  if (tensor.size() != 1 || tensor.type() != DataType::Bool) throw Error("a condition must be one bool");
  return tensor.data<bool>()[0];
}

void if_else(KernelContext& context) {
  const Graph& branch = context.graph(single_bool(context.input(0)) ? "then_branch" : "else_branch");
  auto results = context.run_subgraph(branch, {});
  if (results.size() < context.output_count())
    throw Error("the branch gives " + std::to_string(results.size()) + " outputs where " +
                std::to_string(context.output_count()) + " are needed");
  for (std::size_t i = 0; i < context.output_count(); ++i) context.set_output(i, std::move(results[i]));
}

/// The types that both branches agree on, or those of the branch that will be taken if the condition is
/// known.
void infer_if(InferenceContext& context) {
  std::vector<Type> branches[2];
  for (int i = 0; i < 2; ++i)
    if (const auto graph =
            context.node().attribute_or(i == 0 ? "then_branch" : "else_branch", GraphPointer()))
      branches[i] = context.infer_subgraph(*graph, {});
  const Tensor* condition = context.input_constant(0);
  const bool is_known = condition && condition->type() == DataType::Bool && condition->size() == 1;
  for (std::size_t i = 0; i < context.output_count(); ++i) {
    const Type then = i < branches[0].size() ? branches[0][i] : Type{};
    const Type otherwise = i < branches[1].size() ? branches[1][i] : Type{};
    if (then.is_tensor() && otherwise.is_tensor() && then.element != DataType::Undefined &&
        otherwise.element != DataType::Undefined && then.element != otherwise.element)
      context.report("one branch gives " + to_string(then) + ", the other " + to_string(otherwise));
    context.set_output(
        i, is_known ? (condition->data<bool>()[0] ? then : otherwise) : common_type(then, otherwise));
  }
}

// --- Loop ---

/// A single number or flag in the rank that the body declares for its input `index`.
Tensor in_declared_rank(const Graph& body, std::size_t index, const Tensor& scalar) {
  const auto& shape = body.inputs[index].type.shape;
  return shape && shape->size() == 1 ? scalar.reshaped({1}) : scalar;
}

/// Inputs: trip count, condition, carried values. Body: (iteration, condition, carried…) → (condition,
/// carried…, elements of the scan outputs…).
void loop(KernelContext& context) {
  const Graph& body = context.graph("body");
  const std::int64_t limit =
      context.has_input(0) ? single_integer(context, 0) : std::numeric_limits<std::int64_t>::max();
  bool goes_on = !context.has_input(1) || single_bool(context.input(1));
  const std::size_t carried = context.input_count() < 2 ? 0 : context.input_count() - 2;
  if (body.inputs.size() != carried + 2 || body.outputs.size() < carried + 1)
    throw Error("the body of the Loop has " + std::to_string(body.inputs.size()) + " inputs and " +
                std::to_string(body.outputs.size()) + " outputs for " + std::to_string(carried) +
                " carried values");
  std::vector<Datum> values;
  for (std::size_t i = 0; i < carried; ++i) values.push_back(context.datum(i + 2));
  std::vector<std::vector<Tensor>> collected(body.outputs.size() - carried - 1);
  for (std::int64_t iteration = 0; goes_on && iteration < limit; ++iteration) {
    context.cancel.check();
    std::vector<Datum> inputs{in_declared_rank(body, 0, Tensor::scalar(iteration)),
                              in_declared_rank(body, 1, Tensor::scalar(goes_on))};
    inputs.insert(inputs.end(), std::make_move_iterator(values.begin()),
                  std::make_move_iterator(values.end()));
    auto results = context.run_subgraph(body, std::move(inputs));
    goes_on = single_bool(results.at(0).tensor());
    values.assign(std::make_move_iterator(results.begin() + 1),
                  std::make_move_iterator(results.begin() + 1 + static_cast<std::ptrdiff_t>(carried)));
    for (std::size_t k = 0; k < collected.size(); ++k)
      collected[k].push_back(results.at(1 + carried + k).tensor());
  }
  for (std::size_t i = 0; i < carried; ++i) context.set_output(i, std::move(values[i]));
  for (std::size_t k = 0; k < collected.size(); ++k)
    if (context.wants_output(carried + k))
      context.set_output(carried + k,
                         joined_iterations(context, body, 1 + carried + k, std::move(collected[k]), 0));
}

void infer_loop(InferenceContext& context) {
  const auto body = context.node().attribute_or("body", GraphPointer());
  if (!body || body->inputs.size() < 2) return;
  const std::size_t carried = context.input_count() < 2 ? 0 : context.input_count() - 2;
  const auto flag = [&](std::size_t index, DataType type) {
    const auto& shape = body->inputs[index].type.shape;
    return Type::tensor(type, shape && shape->size() == 1 ? Shape{1} : Shape{});
  };
  std::vector<Type> inputs{flag(0, DataType::Int64), flag(1, DataType::Bool)};
  for (std::size_t i = 0; i < carried; ++i) inputs.push_back(context.input_type(i + 2));
  const auto results = infer_iterated(context, *body, std::move(inputs), 2, 1, carried);
  for (std::size_t i = 0; i < context.output_count() && i + 1 < results.size(); ++i)
    context.set_output(i,
                       i < carried ? results[i + 1] : with_new_axis(results[i + 1], Dimension::unknown(), 0));
}

/// Tensors, sequences and optionals of them, as wide as the standard was at `version`.
types::List anything_at(int version) {
  using types::operator+;
  const auto tensors = types::all_at(version);
  if (version < 13) return tensors;
  // Sequences came with 13, optionals with 16; an optional sequence was never widened.
  if (version < 16) return types::all() + types::sequences_of(types::all());
  const auto narrow = types::all_and_bfloat16();
  return tensors + types::sequences_of(tensors) + types::optionals_of(tensors) +
         types::optionals_of(types::sequences_of(narrow));
}

}  // namespace

void register_control_flow(OperatorTable& table) {
  const Operator if_1 =
      Operator("If", 1, OperatorKind::ControlFlow)
          .summary(
              "Runs one of two graphs, by a condition. Both see the names around them and give equally many "
              "outputs.")
          .input("cond", "B", "One bool.")
          .variadic_output("outputs", "V", "What the chosen graph gives.", 1, false)
          .required_attribute("then_branch", AttributeType::Graph, "Runs if the condition holds.")
          .required_attribute("else_branch", AttributeType::Graph, "Runs otherwise.")
          .constraint("B", {"tensor(bool)"})
          .infer(infer_if)
          .kernel(if_else)
          .example(
              "cond = bool{true}; then_branch = () => (yes) { yes = float{1} }; else_branch = () => (no) { "
              "no = float{0} } -> result");
  const Operator loop_1 =
      Operator("Loop", 1, OperatorKind::ControlFlow)
          .summary(
              "Runs a graph again and again, as often as the count says and while its condition holds; "
              "values are "
              "carried from turn to turn, others are collected.")
          .optional_input("M", "I", "Most turns; no limit if left out.")
          .optional_input("cond", "B", "Whether to begin at all; true if left out.")
          .variadic_input("v_initial", "V", "First values of what is carried.", 0, false)
          .variadic_output("v_final_and_scan_outputs", "V",
                           "Last carried values, then the collected ones, joined along a new first axis.", 1,
                           false)
          .required_attribute("body", AttributeType::Graph,
                              "(turn, condition, carried...) to (condition, carried..., collected...).")
          .constraint("I", {"tensor(int64)"})
          .constraint("B", {"tensor(bool)"})
          .infer(infer_loop)
          .kernel(loop)
          .example(
              "M = int64{3}; cond = bool{true}; start = float[1]{1}; body = (turn, keep, x) => (going, next, "
              "seen) { going = Identity(keep); next = Add(x, x); seen = Identity(next) } -> last, all");
  for (const int version : {1, 11, 13, 16, 19, 21, 23, 24, 25}) {
    table.add(if_1.at(version).constraint("V", anything_at(version)));
    Operator versioned = loop_1.at(version).constraint("V", anything_at(version));
    if (version == 1) versioned.inputs.back().minimum = 1;
    table.add(versioned);
  }
  table.note_change("If", 11, "the two graphs may give different shapes of one element type");
  table.note_change("Loop", 11, "a loop may carry nothing and only collect");
}

}  // namespace lapidary
