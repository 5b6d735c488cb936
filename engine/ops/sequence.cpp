// Lists of tensors: SequenceConstruct, SequenceEmpty, SequenceInsert, SequenceErase, SequenceAt,
// SequenceLength, SplitToSequence, ConcatFromSequence, SequenceMap.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// The type of a sequence's elements, or unknown.
Type element_type(const Type& sequence) {
  return sequence.kind == Type::Kind::Sequence && sequence.inner ? *sequence.inner : Type{};
}

/// A place among `count` elements, negative from the back; throws Error outside.
std::size_t place_in(std::int64_t position, std::size_t count) {
  const auto size = static_cast<std::int64_t>(count);
  if (position < -size || position >= size)
    throw Error("position " + std::to_string(position) + " is outside a sequence of " +
                std::to_string(count));
  return static_cast<std::size_t>(position < 0 ? position + size : position);
}

void sequence_construct(KernelContext& context) {
  Sequence elements;
  for (std::size_t i = 0; i < context.input_count(); ++i) elements.push_back(context.input(i));
  context.set_output(0, Datum::sequence(std::move(elements)));
}

void infer_sequence_construct(InferenceContext& context) {
  Type common = context.input_count() > 0 ? context.input_type(0) : Type{};
  for (std::size_t i = 1; i < context.input_count(); ++i) common = common_type(common, context.input_type(i));
  context.set_output(0, Type::sequence(common));
}

void sequence_empty(KernelContext& context) { context.set_output(0, Datum::sequence({})); }

void infer_sequence_empty(InferenceContext& context) {
  const auto number = context.integer("dtype", static_cast<std::int64_t>(DataType::Float32));
  const bool is_type = number > 0 && number < data_type_count;
  context.set_output(
      0, Type::sequence(Type::tensor(is_type ? static_cast<DataType>(number) : DataType::Undefined)));
}

void sequence_insert(KernelContext& context) {
  Sequence elements = context.datum(0).sequence();
  std::size_t place = elements.size();
  if (context.has_input(2)) {
    // One place more than there are elements: after the last.
    const auto position = single_integer(context, 2), size = static_cast<std::int64_t>(elements.size());
    if (position != size) place = place_in(position, elements.size());
  }
  elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(place), context.input(1));
  context.set_output(0, Datum::sequence(std::move(elements)));
}

void infer_sequence_insert(InferenceContext& context) {
  context.set_output(0,
                     Type::sequence(common_type(element_type(context.input_type(0)), context.input_type(1))));
}

void sequence_erase(KernelContext& context) {
  Sequence elements = context.datum(0).sequence();
  const auto place = place_in(context.has_input(1) ? single_integer(context, 1) : -1, elements.size());
  elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(place));
  context.set_output(0, Datum::sequence(std::move(elements)));
}

void sequence_at(KernelContext& context) {
  const Sequence& elements = context.datum(0).sequence();
  context.set_output(0, elements[place_in(single_integer(context, 1), elements.size())]);
}

void infer_sequence_at(InferenceContext& context) {
  context.set_output(0, element_type(context.input_type(0)));
}

void sequence_length(KernelContext& context) {
  context.set_output(0, Tensor::scalar(static_cast<std::int64_t>(context.datum(0).sequence().size())));
}

void infer_sequence_length(InferenceContext& context) { context.set_output(0, DataType::Int64, Shape{}); }

// --- SplitToSequence, ConcatFromSequence ---

/// Sizes of the pieces: 1 each if none are given, a scalar for pieces of that size (the last may be smaller).
Dims piece_sizes(const KernelContext& context, std::int64_t size) {
  const bool is_list = context.has_input(1) && context.input(1).rank() > 0;
  Dims pieces;
  if (is_list) {
    pieces = context.integers(1);
    std::int64_t sum = 0;
    for (const auto piece : pieces) {
      if (piece < 0) throw Error("a piece is negative: " + to_string(pieces));
      sum = checked_sum(sum, piece);
    }
    if (sum != size)
      throw Error("pieces of " + to_string(pieces) + " do not make up an axis of " + std::to_string(size));
    return pieces;
  }
  const std::int64_t step = context.has_input(1) ? single_integer(context, 1) : 1;
  if (step <= 0) throw Error("pieces must have a positive size");
  for (std::int64_t rest = size; rest > 0; rest -= step) pieces.push_back(std::min(step, rest));
  return pieces;
}

void split_to_sequence(KernelContext& context) {
  const Tensor& input = context.input(0);
  const auto axis = KernelContext::normalized_axis(context.integer("axis", 0), input.rank());
  const bool drops_axis = !context.has_input(1) && context.integer("keepdims", 1) == 0;
  Sequence elements;
  std::int64_t start = 0;
  for (const auto size : piece_sizes(context, input.dims()[static_cast<std::size_t>(axis)])) {
    elements.push_back(drops_axis ? element_of(input, axis, start) : section(input, axis, start, size));
    start += size;
  }
  context.set_output(0, Datum::sequence(std::move(elements)));
}

void infer_split_to_sequence(InferenceContext& context) {
  std::optional<Shape> shape = context.input_shape(0);
  const auto axis =
      shape ? normalized_axis(context, context.integer("axis", 0), shape->size()) : std::nullopt;
  if (axis) {
    const bool single = !context.has_input(1);
    if (single && context.integer("keepdims", 1) == 0)
      shape->erase(shape->begin() + *axis);
    else
      (*shape)[static_cast<std::size_t>(*axis)] = single ? Dimension(1) : Dimension::unknown();
  }
  context.set_output(0, Type::sequence(Type::tensor(context.input_element(0), std::move(shape))));
}

void concat_from_sequence(KernelContext& context) {
  std::vector<Tensor> parts;
  for (const auto& element : context.datum(0).sequence()) parts.push_back(element.tensor());
  if (parts.empty()) throw Error("there is no tensor to join");
  const bool stacks = context.integer("new_axis", 0) != 0;
  const auto axis =
      KernelContext::normalized_axis(context.integer("axis", 0), parts.front().rank() + (stacks ? 1 : 0));
  context.set_output(0, stacks ? stacked(std::move(parts), axis) : concatenated(parts, axis));
}

void infer_concat_from_sequence(InferenceContext& context) {
  Type type = element_type(context.input_type(0));
  if (type.shape) {
    const bool stacks = context.integer("new_axis", 0) != 0;
    const auto axis =
        normalized_axis(context, context.integer("axis", 0), type.shape->size() + (stacks ? 1 : 0));
    if (!axis)
      type.shape.reset();
    else if (stacks)
      type.shape->insert(type.shape->begin() + *axis, Dimension::unknown());
    else
      (*type.shape)[static_cast<std::size_t>(*axis)] = Dimension::unknown();
  }
  context.set_output(0, std::move(type));
}

// --- SequenceMap ---

/// Runs the body once for each element; further sequences are walked alongside, tensors are the same each
/// time.
void sequence_map(KernelContext& context) {
  const Graph& body = context.graph("body");
  const std::size_t count = context.datum(0).sequence().size();
  std::vector<Sequence> outputs(context.output_count());
  for (std::size_t place = 0; place < count; ++place) {
    context.cancel.check();
    std::vector<Datum> inputs;
    for (std::size_t i = 0; i < context.input_count(); ++i) {
      const Datum& datum = context.datum(i);
      if (datum.is_sequence() && datum.sequence().size() != count)
        throw Error("sequences of " + std::to_string(count) + " and " +
                    std::to_string(datum.sequence().size()) + " elements cannot be walked together");
      inputs.push_back(datum.is_sequence() ? datum.sequence()[place] : datum);
    }
    auto results = context.run_subgraph(body, std::move(inputs));
    if (results.size() < outputs.size())
      throw Error("the body gives " + std::to_string(results.size()) + " outputs where the node has " +
                  std::to_string(outputs.size()));
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k].push_back(std::move(results[k]));
  }
  for (std::size_t k = 0; k < outputs.size(); ++k)
    context.set_output(k, Datum::sequence(std::move(outputs[k])));
}

void infer_sequence_map(InferenceContext& context) {
  const auto body = context.node().attribute_or("body", GraphPointer());
  if (!body) return;
  std::vector<Type> inputs;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const Type& type = context.input_type(i);
    inputs.push_back(type.kind == Type::Kind::Sequence ? element_type(type) : type);
  }
  const auto results = context.infer_subgraph(*body, inputs);
  for (std::size_t k = 0; k < context.output_count() && k < results.size(); ++k)
    context.set_output(k, Type::sequence(results[k]));
}

// --- records ---

Operator sequence_operator(const std::string& name, const std::string& summary) {
  return Operator(name, 11, OperatorKind::ShapeAndLayout)
      .summary(summary)
      .constraint("S", types::sequences_of(types::all()))
      .cost(no_arithmetic());
}

void register_building(OperatorTable& table) {
  const auto positions = types::tensors({"int32", "int64"});
  table.add(sequence_operator("SequenceConstruct", "A sequence of the given tensors.")
                .variadic_input("inputs", "T", "The tensors, in their order.")
                .output("output_sequence", "S", "The new sequence.")
                .constraint("T", types::all())
                .infer(infer_sequence_construct)
                .kernel(sequence_construct)
                .example("first = float[1]{1}; second = float[2]{2, 3}"));
  table.add(sequence_operator("SequenceEmpty", "A sequence without elements.")
                .output("output", "S", "The empty sequence.")
                .optional_attribute("dtype", AttributeType::Int,
                                    "Type that its elements would have; float32 if left out.")
                .infer(infer_sequence_empty)
                .kernel(sequence_empty)
                .example("dtype = 1"));
  table.add(sequence_operator("SequenceInsert", "A sequence with one tensor more.")
                .input("input_sequence", "S", "The sequence to add to.")
                .input("tensor", "T", "What is added.")
                .optional_input("position", "I", "Where to insert; at the end if left out.")
                .output("output_sequence", "S", "The longer sequence.")
                .constraint("T", types::all())
                .constraint("I", positions)
                .infer(infer_sequence_insert)
                .kernel(sequence_insert)
                .example("input_sequence = seq(float[1]{1}, float[2]{2, 3}); tensor = float[1]{9}; position "
                         "= int64{1}"));
  table.add(sequence_operator("SequenceErase", "A sequence without one of its elements.")
                .input("input_sequence", "S", "The sequence to take from.")
                .optional_input("position", "I", "Which to leave out; the last if left out.")
                .output("output_sequence", "S", "The shorter sequence.")
                .constraint("I", positions)
                .infer(same_as_input)
                .kernel(sequence_erase)
                .example("input_sequence = seq(float[1]{1}, float[2]{2, 3}); position = int64{0}"));
}

void register_reading(OperatorTable& table) {
  table.add(sequence_operator("SequenceAt", "One element of a sequence.")
                .input("input_sequence", "S", "The sequence to read.")
                .input("position", "I", "Which one; negative counts from the back.")
                .output("tensor", "T", "The element.")
                .constraint("T", types::all())
                .constraint("I", types::tensors({"int32", "int64"}))
                .infer(infer_sequence_at)
                .kernel(sequence_at)
                .example("input_sequence = seq(float[1]{1}, float[2]{2, 3}); position = int64{-1}"));
  table.add(sequence_operator("SequenceLength", "How many elements a sequence has.")
                .input("input_sequence", "S", "The sequence to count.")
                .output("length", "I", "A scalar.")
                .constraint("I", {"tensor(int64)"})
                .infer(infer_sequence_length)
                .kernel(sequence_length)
                .example("input_sequence = seq(float[1]{1}, float[2]{2, 3})"));
  table.add(sequence_operator("ConcatFromSequence", "The elements of a sequence joined along an axis.")
                .input("input_sequence", "S", "The tensors to join.")
                .output("concat_result", "T", "The joined tensor.")
                .required_attribute("axis", AttributeType::Int, "Axis to join along.")
                .attribute("new_axis", std::int64_t{0}, "1 joins along a new axis.")
                .constraint("T", types::all())
                .infer(infer_concat_from_sequence)
                .kernel(concat_from_sequence)
                .example("input_sequence = seq(float[1]{1}, float[2]{2, 3}); axis = 0"));
}

}  // namespace

void register_sequence(OperatorTable& table) {
  register_building(table);
  register_reading(table);
  const Operator split =
      sequence_operator("SplitToSequence", "A tensor cut along an axis into the elements of a sequence.")
          .input("input", "T", "The tensor to cut.")
          .optional_input("split", "I", "Size of all pieces, or a list of sizes; 1 each if left out.")
          .output("output_sequence", "S", "The pieces, in order.")
          .attribute("axis", std::int64_t{0}, "Axis to cut.")
          .attribute("keepdims", std::int64_t{1}, "0 drops the axis, where no sizes are given.")
          .constraint("T", types::all())
          .constraint("I", types::tensors({"int32", "int64"}))
          .infer(infer_split_to_sequence)
          .kernel(split_to_sequence)
          .example("input = float[4]{1..4}; split = int64{2}");
  table.add(split);
  table.add(split.at(24)
                .constraint("T", types::all_and_bfloat16())
                .constraint("S", types::sequences_of(types::all_and_bfloat16())));
  using types::operator+;
  table.add(
      Operator("SequenceMap", 17, OperatorKind::ControlFlow)
          .summary("Runs a graph on each element of a sequence and collects its outputs as sequences.")
          .input("input_sequence", "S", "The sequence to walk.")
          .variadic_input("additional_inputs", "V",
                          "Sequences walked alongside, or tensors that stay the same.", 0, false)
          .variadic_output("out_sequence", "S", "One sequence for each output of the graph.", 1, false)
          .required_attribute("body", AttributeType::Graph, "Runs for each element.")
          .constraint("S", types::sequences_of(types::all()))
          .constraint("V", types::all() + types::sequences_of(types::all()))
          .infer(infer_sequence_map)
          .kernel(sequence_map)
          .example("input_sequence = seq(float[2]{1, 2}, float[1]{3}); body = (x) => (y) { y = Neg(x) }"));
}

}  // namespace lapidary
