// Values that may be missing: Optional, OptionalHasElement, OptionalGetElement. During a run an optional is
// the value itself, and an absent datum where it is empty.

#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

void optional_of(KernelContext& context) {
  context.set_output(0, context.has_input(0) ? context.datum(0) : Datum());
}

void infer_optional(InferenceContext& context) {
  context.set_output(0, Type::optional(context.has_input(0) ? context.input_type(0)
                                                            : context.node().attribute_or("type", Type{})));
}

void optional_has_element(KernelContext& context) {
  context.set_output(0, Tensor::scalar(context.has_input(0)));
}

void infer_optional_has_element(InferenceContext& context) { context.set_output(0, DataType::Bool, Shape{}); }

void optional_get_element(KernelContext& context) {
  if (!context.has_input(0)) throw Error("the optional is empty");
  context.set_output(0, context.datum(0));
}

void infer_optional_get_element(InferenceContext& context) {
  const Type& type = context.input_type(0);
  context.set_output(0, type.kind == Type::Kind::Optional && type.inner ? *type.inner : type);
}

}  // namespace

/// From 18 on the two readers also take values that are no optionals.
void register_optional(OperatorTable& table) {
  using types::operator+;
  const auto values = types::all() + types::sequences_of(types::all());
  const auto optionals = types::optionals_of(values);
  table.add(Operator("Optional", 15, OperatorKind::Other)
                .summary("An optional that holds a value, or is empty.")
                .optional_input("input", "V", "What it holds; empty if left out.")
                .output("output", "O", "The optional.")
                .optional_attribute("type", AttributeType::TypeProto,
                                    "Type of the element that an empty one lacks.")
                .constraint("V", values)
                .constraint("O", optionals)
                .infer(infer_optional)
                .kernel(optional_of)
                .example("input = float[2]{1, 2}")
                .cost(no_arithmetic()));
  const Operator has_element = Operator("OptionalHasElement", 15, OperatorKind::Other)
                                   .summary("Whether an optional holds a value.")
                                   .input("input", "O", "What may hold a value.")
                                   .output("output", "B", "A scalar: true if there is a value.")
                                   .constraint("O", optionals)
                                   .constraint("B", {"tensor(bool)"})
                                   .infer(infer_optional_has_element)
                                   .kernel(optional_has_element)
                                   .example("input = float[2]{1, 2}")
                                   .cost(no_arithmetic());
  table.add(has_element);
  table.add(has_element.at(18)
                .clear_inputs()
                .optional_input("input", "O", "What may hold a value.")
                .constraint("O", values + optionals));
  const Operator get_element = Operator("OptionalGetElement", 15, OperatorKind::Other)
                                   .summary("What an optional holds; an error if it is empty.")
                                   .input("input", "O", "What holds a value.")
                                   .output("output", "V", "That value.")
                                   .constraint("O", optionals)
                                   .constraint("V", values)
                                   .infer(infer_optional_get_element)
                                   .kernel(optional_get_element)
                                   .example("input = float[2]{1, 2}")
                                   .cost(no_arithmetic());
  table.add(get_element);
  table.add(get_element.at(18).constraint("O", values + optionals));
}

}  // namespace lapidary
