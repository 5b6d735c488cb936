#include <functional>

#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using types::operator+;

void equal_strings(KernelContext& context) {
  const auto [a, b, dims] = broadcast_operands(context);
  require_same_type(a, b);
  bool* out = context.output(0, DataType::Bool, dims).mutable_data<bool>();
  const auto& left = a.strings();
  const auto& right = b.strings();
  const StridedWalk<2> walk(dims, {broadcast_strides(a.dims(), dims), broadcast_strides(b.dims(), dims)});
  walk.for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      *out++ = left[static_cast<std::size_t>(offsets[0] + i * steps[0])] ==
               right[static_cast<std::size_t>(offsets[1] + i * steps[1])];
  });
}

void equal(KernelContext& context) {
  if (context.input(0).is_string()) return equal_strings(context);
  predicate_kernel<NumberAndBoolTypes, [](auto a, auto b) { return a == b; }>(context);
}

/// 1 or 0 where it is certain whether two sizes are equal.
Dimension certainly_equal(const Dimension& a, const Dimension& b) {
  if (a == b) return 1;
  if (a.is_constant() && b.is_constant()) return 0;
  const bool below_zero = (a.is_constant() && a.value() < 0 && is_never_negative(b)) ||
                          (b.is_constant() && b.value() < 0 && is_never_negative(a));
  return below_zero ? Dimension(0) : Dimension::unknown();
}

void infer_equal(InferenceContext& context) {
  broadcast_to_bool(context);
  set_combined_values(context, certainly_equal);
}

/// 1 or 0 where both are numbers.
template <class Compare>
void infer_order(InferenceContext& context) {
  broadcast_to_bool(context);
  set_combined_values(context, [](const Dimension& a, const Dimension& b) {
    return a.is_constant() && b.is_constant() ? Dimension(Compare{}(a.value(), b.value()))
                                              : Dimension::unknown();
  });
}

Operator predicate(const char* name, int version, const char* summary, types::List element_types,
                   KernelFunction kernel, InferenceFunction inference) {
  return Operator(name, version, OperatorKind::ElementWise)
      .summary(summary)
      .input("A", "T", "First operand.")
      .input("B", "T", "Second operand.")
      .output("C", "T1", "True where it holds, of the sizes that broadcasting gives.")
      .constraint("T", std::move(element_types))
      .constraint("T1", types::tensors({"bool"}))
      .infer(std::move(inference))
      .kernel(kernel)
      .cost(per_element(1))
      .example("A = float[3]{1, 2, 3}; B = float{2}");
}

void add_strict_order(OperatorTable& table, const Operator& newest) {
  table.add(with_axis_broadcast(newest, 1).constraint("T", types::floats()));
  table.add(newest.at(7).constraint("T", types::floats()));
  table.add(newest.at(9).constraint("T", types::numbers()));
  table.add(newest);
}

}  // namespace

void register_comparison(OperatorTable& table) {
  const types::List numbers_and_bool = types::numbers() + types::tensors({"bool"});
  const types::List before_11 = types::tensors({"bool", "int32", "int64"});
  const Operator equal_record =
      predicate("Equal", 19, "A = B, element by element, broadcast by numpy's rule.",
                numbers_and_bool + types::tensors({"bfloat16", "string"}), equal, infer_equal);
  const char* const whole_numbers = "A = int32[3]{1, 2, 3}; B = int32{2}";
  table.add(with_axis_broadcast(equal_record.at(7).example(whole_numbers), 1).constraint("T", before_11));
  table.add(equal_record.at(7).constraint("T", before_11).example(whole_numbers));
  table.add(equal_record.at(11).constraint("T", numbers_and_bool));
  table.add(equal_record.at(13).constraint("T", numbers_and_bool + types::tensors({"bfloat16"})));
  table.add(equal_record);

  const types::List numbers = types::numbers_and_bfloat16();
  add_strict_order(table,
                   predicate("Greater", 13, "A > B, element by element, broadcast by numpy's rule.", numbers,
                             predicate_kernel<NumberTypes, std::greater<>{}>, infer_order<std::greater<>>));
  add_strict_order(table,
                   predicate("Less", 13, "A < B, element by element, broadcast by numpy's rule.", numbers,
                             predicate_kernel<NumberTypes, std::less<>{}>, infer_order<std::less<>>));
  const Operator weak_orders[] = {
      predicate("GreaterOrEqual", 16, "A ≥ B, element by element, broadcast by numpy's rule.", numbers,
                predicate_kernel<NumberTypes, std::greater_equal<>{}>, infer_order<std::greater_equal<>>),
      predicate("LessOrEqual", 16, "A ≤ B, element by element, broadcast by numpy's rule.", numbers,
                predicate_kernel<NumberTypes, std::less_equal<>{}>, infer_order<std::less_equal<>>),
  };
  for (const Operator& record : weak_orders) {
    table.add(record.at(12).constraint("T", types::numbers()));
    table.add(record);
  }
  for (const char* name : {"Equal", "Greater", "Less"})
    table.note_change(name, 7, "broadcasts by numpy's rule");
}

}  // namespace lapidary
