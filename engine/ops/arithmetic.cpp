#include <cmath>

#include "engine/model/saturating_cast.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

using types::operator+;

// --- the arithmetic of one pair of elements; integers wrap around, as two's complement hardware does ---

/// Integers round toward zero; dividing by zero is an error, and the least number by −1 wraps around to
/// itself.
constexpr auto divide = []<class T>(T a, T b) -> T {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) throw Error("integer division by zero");
    if constexpr (std::is_signed_v<T>)
      if (b == T{-1}) return wrapping(T{0}, a, std::minus<>());
    return static_cast<T>(a / b);
  } else {
    return a / b;
  }
};

/// The remainder with the sign of the dividend, as C's % and fmod.
constexpr auto remainder_like_c = []<class T>(T a, T b) -> T {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) throw Error("integer remainder of a division by zero");
    if constexpr (std::is_signed_v<T>)
      if (b == T{-1}) return 0;
    return static_cast<T>(a % b);
  } else {
    return std::fmod(a, b);
  }
};

/// The remainder with the sign of the divisor, as Python's %.
constexpr auto remainder_like_python = []<class T>(T a, T b) -> T {
  const T r = remainder_like_c(a, b);
  return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
};

/// NaN wins, whichever operand it is.
constexpr auto lesser = [](auto a, auto b) { return a < b || a != a ? a : b; };
constexpr auto greater = [](auto a, auto b) { return a > b || a != a ? a : b; };

/// base to an integer power; a negative power is the reciprocal, rounded toward zero.
template <class T>
T integer_power(T base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == T{1}) return 1;
    if (std::is_signed_v<T> && base == static_cast<T>(-1)) return exponent % 2 ? base : T{1};
    return 0;
  }
  T result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = wrapping_multiply(result, base);
    base = wrapping_multiply(base, base);
  }
  return result;
}

// --- kernels ---

void mod_kernel(KernelContext& context) {
  if (context.integer("fmod", 0) != 0)
    binary_kernel<NumberTypes, remainder_like_c>(context);
  else
    binary_kernel<NumberTypes, remainder_like_python>(context);
}

/// Floating bases take their exponent in the type they compute in; integers have an exact power of their own.
template <class T>
void power(const Tensor& base, const Tensor& exponent, Tensor& result) {
  using C = ComputeType<T>;
  if constexpr (std::is_floating_point_v<C>) {
    const Tensor power_of = converted(exponent, data_type_of<C>);
    if (power_of.size() == 1 && *power_of.data<C>() == C{2} && base.dims() == result.dims())
      map_elements<T, T>(base, result,
                         [](T x) { return static_cast<T>(static_cast<C>(x) * static_cast<C>(x)); });
    else
      broadcast_binary<T, C, T>(base, power_of, result,
                                [](T x, C y) { return static_cast<T>(std::pow(static_cast<C>(x), y)); });
  } else if (is_floating(exponent.type())) {
    broadcast_binary<T, double, T>(base, converted(exponent, DataType::Float64), result, [](T x, double y) {
      return saturating_cast<T>(std::pow(static_cast<double>(x), y));
    });
  } else {
    broadcast_binary<T, std::int64_t, T>(base, converted(exponent, DataType::Int64), result,
                                         integer_power<T>);
  }
}

void pow_kernel(KernelContext& context) {
  const auto [base, exponent, dims] = broadcast_operands(context);
  Tensor& result = context.output(0, base.type(), dims);
  dispatch(NumberTypes{}, base.type(), [&, &x = base, &y = exponent]<class T>() { power<T>(x, y, result); });
}

/// Folds all inputs, broadcast, with function; then applies finish(element, number of inputs).
template <class Types, auto function, auto finish>
void variadic_kernel(KernelContext& context) {
  Dims dims = context.input(0).dims();
  for (std::size_t i = 1; i < context.input_count(); ++i)
    dims = broadcast_dims(dims, context.input(i).dims());
  const DataType type = context.input(0).type();
  const auto count = static_cast<float>(context.input_count());
  dispatch(Types{}, type, [&]<class T>() {
    using C = ComputeType<T>;
    Tensor folded(data_type_of<C>, dims);
    broadcast_binary<T, T, C>(context.input(0), context.input(0), folded,
                              [](T x, T) { return static_cast<C>(x); });
    for (std::size_t i = 1; i < context.input_count(); ++i) {
      require_same_type(context.input(0), context.input(i));
      broadcast_binary<C, T, C>(folded, context.input(i), folded,
                                [](C x, T y) { return static_cast<C>(function(x, static_cast<C>(y))); });
    }
    map_elements<C, T>(folded, context.output(0, type, dims),
                       [=](C x) { return static_cast<T>(finish(x, count)); });
  });
}

constexpr auto as_it_is = [](auto x, float) { return x; };
constexpr auto divided_by_count = [](auto x, float count) { return x / count; };

// --- inference ---

/// The quotient that the kernel gives for these contents; nothing where a floating quotient may have a
/// fraction.
Dimension quotient(DataType type, const Dimension& a, const Dimension& b) {
  if (b == Dimension(0)) return Dimension::unknown();
  if (b == Dimension(-1)) return Dimension(0) - a;  // where the least number has no quotient
  if (is_integer(type) && a.is_constant() && b.is_constant()) return a.value() / b.value();
  const Dimension floored = floor_div(a, b);
  return is_integer(type) || floored * b == a ? floored : Dimension::unknown();
}

Dimension remainder(const Dimension& a, const Dimension& b) {
  return is_never_negative(a) && is_never_negative(b) && !(b == Dimension(0)) ? mod(a, b)
                                                                              : Dimension::unknown();
}

InferenceFunction with_values(DimensionFunction function) {
  return [function](InferenceContext& context) {
    broadcast_inputs(context);
    set_combined_values(context, function);
  };
}

void infer_div(InferenceContext& context) {
  broadcast_inputs(context);
  const DataType type = context.input_element(0);
  set_combined_values(context,
                      [type](const Dimension& a, const Dimension& b) { return quotient(type, a, b); });
}

void infer_mod(InferenceContext& context) {
  broadcast_inputs(context);
  set_combined_values(context, remainder);
}

/// Min, Max and Sum carry contents for one or two inputs.
InferenceFunction variadic_with_values(DimensionFunction function) {
  return [function](InferenceContext& context) {
    broadcast_inputs(context);
    if (context.input_count() == 1) pass_values(context);
    if (context.input_count() == 2) set_combined_values(context, function);
  };
}

std::optional<Cost> variadic_cost(const CostContext& context) {
  const auto elements = context.output_elements();
  if (!elements) return std::nullopt;
  return Cost{0, *elements * static_cast<double>(context.node.inputs.size())};
}

// --- records ---

void add_binary(OperatorTable& table, const char* name, const char* summary, KernelFunction kernel,
                InferenceFunction inference) {
  const Operator newest =
      binary_operator(name, 14, OperatorKind::ElementWise, summary, types::numbers_and_bfloat16())
          .infer(std::move(inference))
          .kernel(kernel);
  const Operator before_7 = with_axis_broadcast(newest, 6).constraint("T", types::high_precision_numbers());
  table.add(with_consumed_inputs(before_7).constraint("T", types::floats()));
  table.add(before_7);
  table.add(newest.at(7).constraint("T", types::high_precision_numbers()));
  table.add(newest.at(13).constraint("T", types::high_precision_numbers() + types::tensors({"bfloat16"})));
  table.add(newest);
}

void add_pow(OperatorTable& table) {
  const types::List bases = types::floats() + types::tensors({"int32", "int64"});
  const Operator pow = Operator("Pow", 7, OperatorKind::ElementWise)
                           .summary("X to the power Y, element by element, broadcast by numpy's rule.")
                           .input("X", "T", "Base.")
                           .input("Y", "T", "Exponent.")
                           .output("Z", "T", "The power, of the base's type.")
                           .constraint("T", types::floats())
                           .infer(broadcast_inputs)
                           .kernel(pow_kernel)
                           .example("X = float[3]{1, 2, 3}; Y = float{2}")
                           .cost(per_element(10));
  table.add(with_axis_broadcast(pow, 1));
  table.add(pow);
  const Operator own_exponent_type = pow.at(12)
                                         .clear_inputs()
                                         .input("X", "T", "Base.")
                                         .input("Y", "T1", "Exponent.")
                                         .constraint("T", bases)
                                         .constraint("T1", types::numbers());
  table.add(own_exponent_type);
  table.add(own_exponent_type.at(13).constraint("T", bases + types::tensors({"bfloat16"})));
  table.add(own_exponent_type.at(15)
                .constraint("T", bases + types::tensors({"bfloat16"}))
                .constraint("T1", types::numbers_and_bfloat16()));
}

Operator variadic_operator(const char* name, const char* output, const char* summary, KernelFunction kernel,
                           InferenceFunction inference) {
  return Operator(name, 6, OperatorKind::ElementWise)
      .summary(summary)
      .variadic_input("data_0", "T", "The operands, broadcast by numpy's rule from opset 8 on.")
      .output(output, "T", "The result, of the sizes that broadcasting gives.")
      .constraint("T", types::floats())
      .infer(std::move(inference))
      .kernel(kernel)
      .cost(variadic_cost)
      .example("first = float[3]{1, 5, 3}; second = float[3]{4, 2, 6}");
}

void add_variadic(OperatorTable& table) {
  const Operator extrema[] = {
      variadic_operator(
          "Min", "min", "Least of all inputs, element by element; NaN where one is NaN.",
          variadic_kernel<NumberTypes, lesser, as_it_is>,
          variadic_with_values([](const Dimension& a, const Dimension& b) { return min(a, b); })),
      variadic_operator(
          "Max", "max", "Greatest of all inputs, element by element; NaN where one is NaN.",
          variadic_kernel<NumberTypes, greater, as_it_is>,
          variadic_with_values([](const Dimension& a, const Dimension& b) { return max(a, b); })),
  };
  for (const Operator& record : extrema) {
    table.add(with_consumed_inputs(record));
    table.add(record);
    table.add(record.at(8));
    table.add(record.at(12).constraint("T", types::numbers()));
    table.add(record.at(13).constraint("T", types::numbers_and_bfloat16()));
  }
  const Operator sums[] = {
      variadic_operator("Sum", "sum", "Sum of all inputs, element by element.",
                        variadic_kernel<FloatTypes, wrapping_add, as_it_is>,
                        variadic_with_values([](const Dimension& a, const Dimension& b) { return a + b; })),
      variadic_operator("Mean", "mean", "Mean of all inputs, element by element.",
                        variadic_kernel<FloatTypes, wrapping_add, divided_by_count>, broadcast_inputs),
  };
  for (const Operator& record : sums) {
    table.add(with_consumed_inputs(record));
    table.add(record);
    table.add(record.at(8));
    table.add(record.at(13).constraint("T", types::floats_and_bfloat16()));
  }
}

}  // namespace

void register_arithmetic(OperatorTable& table) {
  add_binary(table, "Add", "A + B, element by element, broadcast by numpy's rule.",
             binary_kernel<NumberTypes, wrapping_add>,
             with_values([](const Dimension& a, const Dimension& b) { return a + b; }));
  add_binary(table, "Sub", "A − B, element by element, broadcast by numpy's rule.",
             binary_kernel<NumberTypes, wrapping_subtract>,
             with_values([](const Dimension& a, const Dimension& b) { return a - b; }));
  add_binary(table, "Mul", "A · B, element by element, broadcast by numpy's rule.",
             binary_kernel<NumberTypes, wrapping_multiply>,
             with_values([](const Dimension& a, const Dimension& b) { return a * b; }));
  add_binary(table, "Div",
             "A / B, element by element, broadcast by numpy's rule; integers round toward zero.",
             binary_kernel<NumberTypes, divide>, infer_div);

  const Operator mod_record =
      binary_operator("Mod", 13, OperatorKind::ElementWise,
                      "Remainder of A / B: with the divisor's sign, or with the dividend's where fmod is 1.",
                      types::numbers_and_bfloat16())
          .attribute("fmod", std::int64_t{0}, "1 for the remainder of C's fmod, which floating types need.")
          .infer(infer_mod)
          .kernel(mod_kernel)
          .example("A = int32[4]{-7, 7, -7, 7}; B = int32[4]{3, 3, -3, -3}");
  table.add(mod_record.at(10).constraint("T", types::numbers()));
  table.add(mod_record);
  add_pow(table);
  add_variadic(table);
  for (const char* name : {"Add", "Sub", "Mul", "Div", "Pow"})
    table.note_change(name, 7, "broadcasts by numpy's rule");
  for (const char* name : {"Sum", "Mean", "Min", "Max"})
    table.note_change(name, 8, "broadcasts by numpy's rule");
}

}  // namespace lapidary
