#include <algorithm>
#include <tuple>

#include "engine/passes/all_passes.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

/// The node that makes an operand, and need not be read by it alone.
const Node* before(const GraphRewriter& graph, const Match& found, const std::string& op_type) {
  return graph.producer_of_type(found.value("y"), op_type);
}

/// f(f(x)) → x.
Fusion undone(const std::string& op_type) {
  return {call(op_type, {value("y")}), 1, [=](const GraphRewriter& graph, const Match& found) {
            const Node* first = before(graph, found, op_type);
            return first ? std::optional(Replacement{"Identity", {first->inputs[0]}}) : std::nullopt;
          }};
}

/// f(f(x)) → f(x).
Fusion repeated(const std::string& op_type) {
  return {call(op_type, {value("y")}), 1, [=](const GraphRewriter& graph, const Match& found) {
            return before(graph, found, op_type) ? std::optional(Replacement{"Identity", {found.value("y")}})
                                                 : std::nullopt;
          }};
}

Fusion turned_choice() {
  return {call("Where", {value("y"), value("a"), value("b")}), 9,
          [](const GraphRewriter& graph, const Match& found) {
            const Node* negation = before(graph, found, "Not");
            return negation ? std::optional(Replacement{
                                  "Where", {negation->inputs[0], found.value("b"), found.value("a")}})
                            : std::nullopt;
          }};
}

// --- Cast ---

/// Bits of numbers that a type holds exactly: sign, digits, exponent.
struct Range {
  int sign, digits, exponent;
};

std::optional<Range> range_of(DataType type) {
  switch (type) {
    case DataType::Bool:
      return Range{0, 1, 0};
    case DataType::Float16:
      return Range{1, 11, 5};
    case DataType::BFloat16:
      return Range{1, 8, 8};
    case DataType::Float32:
      return Range{1, 24, 8};
    case DataType::Float64:
      return Range{1, 53, 11};
    default:
      if (!is_integer(type)) return std::nullopt;
      return Range{is_signed(type) ? 1 : 0, bits_of(type) - (is_signed(type) ? 1 : 0), 0};
  }
}

/// True if every number of `from` is one of `to`.
bool holds(DataType to, DataType from) {
  const auto wide = range_of(to), narrow = range_of(from);
  if (!wide || !narrow) return false;
  // Whole numbers of few digits have exponents that all floating types hold.
  return wide->sign >= narrow->sign && wide->digits >= narrow->digits && wide->exponent >= narrow->exponent;
}

/// Cast of what Cast to a wider type left as it was. Not from whole to other whole numbers by way of floating
/// ones, which cut off elsewhere what is out of range.
std::optional<Replacement> direct_cast(const GraphRewriter& graph, const Match& found) {
  const Node* first = before(graph, found, "Cast");
  const Node& second = *found.nodes("second")[0];
  if (!first) return std::nullopt;
  const DataType from = graph.type_of(first->inputs[0]).element,
                 between = graph.type_of(found.value("y")).element,
                 to = graph.type_of(second.outputs[0]).element;
  const bool turns_whole = is_floating(between) && is_integer(from) && is_integer(to) && to != from;
  if (!holds(between, from) || !range_of(to) || turns_whole) return std::nullopt;
  return Replacement{"Cast", {first->inputs[0]}, second.attributes};
}

std::vector<Fusion> fusions() {
  std::vector<Fusion> all = {undone("Not"),
                             undone("Neg"),
                             turned_choice(),
                             {call("Cast", {value("y")}).named("second"), 1, direct_cast}};
  for (const char* op_type : {"Abs", "Ceil", "Floor", "Relu", "Round", "Sign"})
    all.push_back(repeated(op_type));
  return all;
}

}  // namespace

/// What the node behind undoes or does again: Not(Not(x)) and Neg(Neg(x)) → x; f(f(x)) → f(x) for Abs, Ceil,
/// Floor, Relu, Round and Sign; Where(Not(c), a, b) → Where(c, b, a); Cast of a Cast that lost nothing → one
/// Cast.
PassResult eliminate_pairs(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
