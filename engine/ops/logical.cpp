#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using BoolType = TypeList<bool>;

// --- Where ---

/// out[i] = condition[i] ? x[i] : y[i], for elements of type E read from `x` and `y`.
template <class E>
void choose(const Tensor& condition, const Dims& x_dims, const E* x, const Dims& y_dims, const E* y,
            const Dims& dims, E* out) {
  const bool* flags = condition.data<bool>();
  const StridedWalk<3> walk(dims, {broadcast_strides(condition.dims(), dims), broadcast_strides(x_dims, dims),
                                   broadcast_strides(y_dims, dims)});
  walk.for_each_run([&](const auto& at, const auto& step, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      out[i] = flags[at[0] + i * step[0]] ? x[at[1] + i * step[1]] : y[at[2] + i * step[2]];
    out += count;
  });
}

struct SixteenBytes {
  std::uint64_t halves[2];
};

/// Elements are moved, never computed with: only their width matters.
template <class E>
void choose_by_width(const Tensor& condition, const Tensor& x, const Tensor& y, Tensor& out) {
  choose(condition, x.dims(), reinterpret_cast<const E*>(x.bytes().data()), y.dims(),
         reinterpret_cast<const E*>(y.bytes().data()), out.dims(), reinterpret_cast<E*>(out.mutable_bytes()));
}

void where(KernelContext& context) {
  const Tensor &condition = context.input(0), &x = context.input(1), &y = context.input(2);
  require_same_type(x, y);
  if (condition.type() != DataType::Bool) throw Error("the condition of Where must be bool");
  Tensor& out =
      context.output(0, x.type(), broadcast_dims(condition.dims(), broadcast_dims(x.dims(), y.dims())));
  if (x.is_string())
    return choose(condition, x.dims(), x.strings().data(), y.dims(), y.strings().data(), out.dims(),
                  out.mutable_strings().data());
  switch (bits_of(x.type())) {
    case 8:
      return choose_by_width<std::uint8_t>(condition, x, y, out);
    case 16:
      return choose_by_width<std::uint16_t>(condition, x, y, out);
    case 32:
      return choose_by_width<std::uint32_t>(condition, x, y, out);
    case 64:
      return choose_by_width<std::uint64_t>(condition, x, y, out);
    case 128:
      return choose_by_width<SixteenBytes>(condition, x, y, out);
    default:
      throw Error("Where does not take " + std::string(name_of(x.type())));
  }
}

const Dimension& element_at(const std::vector<Dimension>& values, std::size_t index) {
  return values.size() == 1 ? values.front() : values[index];
}

/// Contents where the condition is known, or where both choices are the same.
void infer_where_values(InferenceContext& context) {
  const auto condition = known_values(context, 0), x = known_values(context, 1), y = known_values(context, 2);
  const auto& shape = context.outputs().at(0).shape;
  if (!condition || !x || !y || !shape) return;
  const std::size_t count = std::max({condition->size(), x->size(), y->size()});
  for (const auto* values : {&*condition, &*x, &*y})
    if (values->size() != 1 && values->size() != count) return;
  if (element_count(*shape).value_or(-1) != static_cast<std::int64_t>(count)) return;
  std::vector<Dimension> result;
  for (std::size_t i = 0; i < count; ++i) {
    const Dimension &flag = element_at(*condition, i), &if_true = element_at(*x, i),
                    &if_false = element_at(*y, i);
    if (flag.is_constant())
      result.push_back(flag.value() ? if_true : if_false);
    else
      result.push_back(if_true == if_false ? if_true : Dimension::unknown());
  }
  context.set_output_values(0, std::move(result));
}

void infer_where(InferenceContext& context) {
  context.set_output(
      0, context.input_element(1),
      broadcast(context, {context.input_shape(0), context.input_shape(1), context.input_shape(2)}));
  infer_where_values(context);
}

// --- And, Or, Xor, Not ---

InferenceFunction logical_inference(bool (*function)(bool, bool)) {
  return [function](InferenceContext& context) {
    broadcast_to_bool(context);
    set_combined_values(context, [function](const Dimension& a, const Dimension& b) {
      return a.is_constant() && b.is_constant() ? Dimension(function(a.value() != 0, b.value() != 0))
                                                : Dimension::unknown();
    });
  };
}

void infer_not(InferenceContext& context) {
  bool_like_input(context);
  set_mapped_values(context, [](const Dimension& d) {
    return d.is_constant() ? Dimension(d.value() == 0) : Dimension::unknown();
  });
}

template <auto function>
void add_logical(OperatorTable& table, const char* name, const char* summary) {
  const Operator record =
      Operator(name, 7, OperatorKind::ElementWise)
          .summary(summary)
          .input("A", "T", "First operand.")
          .input("B", "T", "Second operand.")
          .output("C", "T1", "The result, of the sizes that broadcasting gives.")
          .constraint("T", types::tensors({"bool"}))
          .constraint("T1", types::tensors({"bool"}))
          .infer(logical_inference(function))
          .kernel(predicate_kernel<BoolType, function>)
          .example("A = bool[4]{false, false, true, true}; B = bool[4]{false, true, false, true}")
          .cost(per_element(1));
  table.add(with_axis_broadcast(record, 1));
  table.add(record);
}

}  // namespace

void register_logical(OperatorTable& table) {
  add_logical<[](bool a, bool b) { return a && b; }>(table, "And",
                                                     "A ∧ B, element by element, broadcast by numpy's rule.");
  add_logical<[](bool a, bool b) { return a || b; }>(table, "Or",
                                                     "A ∨ B, element by element, broadcast by numpy's rule.");
  add_logical<[](bool a, bool b) { return a != b; }>(
      table, "Xor", "True where exactly one of A and B is, broadcast by numpy's rule.");
  table.add(unary_operator("Not", 1, OperatorKind::ElementWise, "¬x.", types::tensors({"bool"}))
                .infer(infer_not)
                .kernel(unary_kernel<BoolType, [](bool x) { return !x; }>)
                .example("X = bool[2]{true, false}")
                .cost(per_element(1)));

  const Operator where_record =
      Operator("Where", 9, OperatorKind::ElementWise)
          .summary("Elements of X where the condition is true, of Y elsewhere; all broadcast.")
          .input("condition", "B", "Which of the two to take.")
          .input("X", "T", "Elements for true.")
          .input("Y", "T", "Elements for false.")
          .output("output", "T", "The choice, of the sizes that broadcasting gives.")
          .constraint("B", types::tensors({"bool"}))
          .constraint("T", types::all())
          .infer(infer_where)
          .kernel(where)
          .example("condition = bool[2, 2]{true, false, false, true}; X = float[2, 2]{1..4}; Y = float{0}")
          .cost(per_element(1));
  table.add(where_record);
  table.add(where_record.at(16).constraint("T", types::all_and_bfloat16()));
  for (const char* name : {"And", "Or", "Xor"}) table.note_change(name, 7, "broadcasts by numpy's rule");
}

}  // namespace lapidary
