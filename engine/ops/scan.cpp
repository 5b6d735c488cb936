// A graph run along an axis of its inputs: Scan.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/iteration.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// What a Scan is made of: `states` values that are carried, `scanned` inputs that are walked, `collected`
/// outputs.
struct ScanLayout {
  std::size_t states, scanned, collected;
};

ScanLayout layout_of(const KernelContext& context, const Graph& body, std::size_t first_input) {
  const auto scanned = context.integer("num_scan_inputs", 0);
  const auto given = static_cast<std::int64_t>(context.input_count() - first_input);
  if (scanned < 1 || scanned > given)
    throw Error("num_scan_inputs is " + std::to_string(scanned) + " of " + std::to_string(given) + " inputs");
  const auto states = static_cast<std::size_t>(given - scanned);
  if (body.inputs.size() != static_cast<std::size_t>(given) || body.outputs.size() < states)
    throw Error("the body of the Scan has " + std::to_string(body.inputs.size()) + " inputs and " +
                std::to_string(body.outputs.size()) + " outputs for " + std::to_string(given) + " values");
  return {states, static_cast<std::size_t>(scanned), body.outputs.size() - states};
}

/// One number for each input or output; `otherwise` where the attribute is left out.
std::vector<std::int64_t> list_attribute(const KernelContext& context, std::string_view name,
                                         std::size_t count) {
  if (!context.has_attribute(name)) return std::vector<std::int64_t>(count, 0);
  auto values = context.integers(name);
  if (values.size() != count)
    throw Error(std::string(name) + " has " + std::to_string(values.size()) + " entries for " +
                std::to_string(count));
  return values;
}

/// A run along one sequence: what goes in, what was carried to the end, and what each step gave.
struct ScanRun {
  std::vector<Datum> states;
  std::vector<std::vector<Tensor>> collected;
};

ScanRun run_scan(KernelContext& context, const Graph& body, const ScanLayout& layout,
                 std::vector<Datum> states, const std::vector<Tensor>& inputs,
                 const std::vector<std::int64_t>& axes, const std::vector<std::int64_t>& directions,
                 std::int64_t length) {
  ScanRun run{std::move(states), std::vector<std::vector<Tensor>>(layout.collected)};
  for (std::int64_t step = 0; step < length; ++step) {
    context.cancel.check();
    std::vector<Datum> arguments = std::move(run.states);
    for (std::size_t i = 0; i < layout.scanned; ++i)
      arguments.push_back(element_of(inputs[i], axes[i], directions[i] != 0 ? length - 1 - step : step));
    auto results = context.run_subgraph(body, std::move(arguments));
    for (std::size_t k = 0; k < layout.collected; ++k)
      run.collected[k].push_back(results.at(layout.states + k).tensor());
    results.resize(layout.states);
    run.states = std::move(results);
  }
  return run;
}

void scan(KernelContext& context) {
  const Graph& body = context.graph("body");
  const ScanLayout layout = layout_of(context, body, 0);
  auto axes = list_attribute(context, "scan_input_axes", layout.scanned);
  const auto directions = list_attribute(context, "scan_input_directions", layout.scanned);
  const auto output_axes = list_attribute(context, "scan_output_axes", layout.collected);
  const auto output_directions = list_attribute(context, "scan_output_directions", layout.collected);
  std::vector<Datum> states;
  for (std::size_t i = 0; i < layout.states; ++i) states.push_back(context.datum(i));
  std::vector<Tensor> inputs;
  std::int64_t length = 0;
  for (std::size_t i = 0; i < layout.scanned; ++i) {
    inputs.push_back(context.input(layout.states + i));
    axes[i] = KernelContext::normalized_axis(axes[i], inputs[i].rank());
    const std::int64_t size = inputs[i].dims()[static_cast<std::size_t>(axes[i])];
    if (i > 0 && size != length)
      throw Error("the scanned axes have " + std::to_string(length) + " and " + std::to_string(size) +
                  " entries");
    length = size;
  }
  ScanRun run = run_scan(context, body, layout, std::move(states), inputs, axes, directions, length);
  for (std::size_t i = 0; i < layout.states; ++i) context.set_output(i, std::move(run.states[i]));
  for (std::size_t k = 0; k < layout.collected; ++k) {
    auto& parts = run.collected[k];
    if (output_directions[k] != 0) std::reverse(parts.begin(), parts.end());
    if (context.wants_output(layout.states + k))
      context.set_output(layout.states + k, joined_iterations(context, body, layout.states + k,
                                                              std::move(parts), output_axes[k]));
  }
}

/// `tensor` with zeros after its entries along the first axis, so that there are `length`.
Tensor lengthened(const Tensor& tensor, std::int64_t length) {
  Dims missing = tensor.dims();
  missing[0] = length - missing[0];
  return missing[0] <= 0 ? tensor : concatenated({tensor, zeros_like(tensor, missing)}, 0);
}

/// Scan-8 has a batch as first axis of everything, scans axis 1, and lets each sequence end early.
void scan_before_9(KernelContext& context) {
  const Graph& body = context.graph("body");
  const ScanLayout layout = layout_of(context, body, 1);
  const auto directions = list_attribute(context, "directions", layout.scanned);
  const Tensor& first = context.input(1 + layout.states);
  if (first.rank() < 2) throw Error("a scanned input needs the axes [batch, sequence, ...]");
  const std::int64_t batches = first.dims()[0], longest = first.dims()[1];
  const auto lengths = context.optional_integers(0).value_or(
      std::vector<std::int64_t>(static_cast<std::size_t>(batches), longest));
  if (static_cast<std::int64_t>(lengths.size()) != batches)
    throw Error("sequence_lens must have one length for each batch");
  std::vector<std::vector<Tensor>> outputs(layout.states + layout.collected);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::int64_t length = lengths[static_cast<std::size_t>(batch)];
    if (length < 0 || length > longest)
      throw Error("a sequence of " + std::to_string(length) + " is longer than its input");
    std::vector<Datum> states;
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < layout.states + layout.scanned; ++i) {
      const Tensor& whole = context.input(1 + i);
      const bool is_scanned = i >= layout.states;
      if (whole.rank() < (is_scanned ? 2 : 1) || whole.dims()[0] != batches ||
          (is_scanned && whole.dims()[1] != longest))
        throw Error("the inputs of the Scan differ in their batch or sequence");
      if (is_scanned)
        inputs.push_back(element_of(whole, 0, batch));
      else
        states.push_back(element_of(whole, 0, batch));
    }
    const std::vector<std::int64_t> axes(layout.scanned, 0);
    ScanRun run = run_scan(context, body, layout, std::move(states), inputs, axes, directions, length);
    for (std::size_t i = 0; i < layout.states; ++i) outputs[i].push_back(run.states[i].tensor());
    for (std::size_t k = 0; k < layout.collected; ++k)
      outputs[layout.states + k].push_back(lengthened(
          joined_iterations(context, body, layout.states + k, std::move(run.collected[k]), 0), longest));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (context.wants_output(i)) context.set_output(i, stacked(std::move(outputs[i]), 0));
}

// --- inference ---

std::vector<std::int64_t> list_attribute(const InferenceContext& context, std::string_view name,
                                         std::size_t count) {
  auto values = context.integers(name);
  values.resize(count, 0);
  return values;
}

/// The size of an axis, or unknown.
Dimension size_along(const Type& type, std::int64_t axis) {
  if (!type.shape) return Dimension::unknown();
  const auto rank = static_cast<std::int64_t>(type.shape->size());
  const std::int64_t place = axis < 0 ? axis + rank : axis;
  return place >= 0 && place < rank ? (*type.shape)[static_cast<std::size_t>(place)] : Dimension::unknown();
}

/// Both forms: `first` inputs before the states, and whether a batch leads every shape.
void infer_scan_from(InferenceContext& context, std::size_t first, bool batched) {
  const auto body = context.node().attribute_or("body", GraphPointer());
  const auto given = context.integer("num_scan_inputs", 0);
  const std::size_t count = context.input_count();
  if (!body || given < 1 || count < first || static_cast<std::size_t>(given) > count - first) return;
  const auto scanned = static_cast<std::size_t>(given), states = count - first - scanned;
  const auto axes = list_attribute(context, "scan_input_axes", scanned);
  Dimension length, batch;
  std::vector<Type> inputs;
  for (std::size_t i = 0; i < states + scanned; ++i) {
    Type type = context.input_type(first + i);
    if (batched && !batch.is_known()) batch = size_along(type, 0);
    if (batched) type = without_axis(type, 0);
    if (i >= states) {
      if (!length.is_known()) length = size_along(type, axes[i - states]);
      type = without_axis(type, axes[i - states]);
    }
    inputs.push_back(std::move(type));
  }
  const auto results = infer_iterated(context, *body, std::move(inputs), 0, 0, states);
  const auto output_axes =
      list_attribute(context, "scan_output_axes", results.size() - std::min(states, results.size()));
  for (std::size_t i = 0; i < context.output_count() && i < results.size(); ++i) {
    Type type = i < states ? results[i] : with_new_axis(results[i], length, output_axes[i - states]);
    context.set_output(i, batched ? with_new_axis(type, batch, 0) : std::move(type));
  }
}

void infer_scan(InferenceContext& context) { infer_scan_from(context, 0, false); }
void infer_scan_before_9(InferenceContext& context) { infer_scan_from(context, 1, true); }

}  // namespace

void register_scan(OperatorTable& table) {
  const Operator base =
      Operator("Scan", 8, OperatorKind::ControlFlow)
          .summary(
              "Walks an axis of its inputs and runs a graph on each entry; states are carried from "
              "step to step, other results are collected.")
          .required_attribute("body", AttributeType::Graph,
                              "(states..., entries...) to (states..., collected...).")
          .required_attribute("num_scan_inputs", AttributeType::Int,
                              "How many inputs, the last ones, are walked.");
  table.add(
      base.at(8)
          .optional_input("sequence_lens", "I", "Length of each sequence, [batch]; all of it if left out.")
          .variadic_input("initial_state_and_scan_inputs", "V",
                          "States [batch, ...], then inputs [batch, sequence, ...].", 1, false)
          .variadic_output("final_state_and_scan_outputs", "V", "Last states, then what was collected.", 1,
                           false)
          .optional_attribute("directions", AttributeType::Ints,
                              "For each walked input, 1 to walk it backwards.")
          .constraint("I", {"tensor(int64)"})
          .constraint("V", types::all())
          .infer(infer_scan_before_9)
          .kernel(scan_before_9)
          .example("start = float[1, 1]{0}; values = float[1, 3, 1]{1..3}; num_scan_inputs = 1; body = (sum, "
                   "x) => (total, seen) { total = Add(sum, x); seen = Identity(total) } -> last, sums"));
  table.add_widened(
      Operator(base)
          .variadic_input("initial_state_and_scan_inputs", "V", "States, then inputs to walk.", 1, false)
          .variadic_output("final_state_and_scan_outputs", "V", "Last states, then what was collected.", 1,
                           false)
          .optional_attribute("scan_input_axes", AttributeType::Ints,
                              "Axis to walk of each input; 0 if left out.")
          .optional_attribute("scan_input_directions", AttributeType::Ints,
                              "For each walked input, 1 to walk it backwards.")
          .optional_attribute("scan_output_axes", AttributeType::Ints,
                              "Where the new axis of each collected output stands; 0 if left out.")
          .optional_attribute("scan_output_directions", AttributeType::Ints,
                              "For each collected output, 1 to put later steps first.")
          .infer(infer_scan)
          .kernel(scan)
          .example("start = float[1]{0}; values = float[3, 1]{1..3}; num_scan_inputs = 1; body = (sum, x) => "
                   "(total, seen) { total = Add(sum, x); seen = Identity(total) } -> last, sums"),
      "V", {9, 11, 16, 19, 21, 23, 24, 25});
  table.note_change("Scan", 9, "there is no batch axis");
  table.note_change("Scan", 11, negative_axes_count);
}

}  // namespace lapidary
