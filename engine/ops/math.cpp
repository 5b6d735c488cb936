#include <cmath>

#include "engine/ops/elementwise.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using types::operator+;

// --- one element ---

constexpr auto absolute = []<class T>(T x) -> T {
  if constexpr (std::is_floating_point_v<T>) return std::fabs(x);
  // The least integer has no positive twin and stays as it is.
  else if constexpr (std::is_signed_v<T>)
    return x < 0 ? static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x)) : x;
  else
    return x;
};
constexpr auto negative = []<class T>(T x) -> T {
  if constexpr (std::is_floating_point_v<T>)
    return -x;
  else
    return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(x));
};
/// −1, 0 or 1; NaN stays NaN.
constexpr auto sign = []<class T>(T x) -> T { return x > 0 ? T{1} : x < 0 ? static_cast<T>(-1) : x; };
/// Through double for the integers that Erf took before opset 13.
constexpr auto error_function = []<class T>(T x) -> T {
  if constexpr (std::is_floating_point_v<T>)
    return std::erf(x);
  else
    return static_cast<T>(std::erf(static_cast<double>(x)));
};

// --- kernels with attributes ---

void is_nan(KernelContext& context) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, DataType::Bool, x.dims());
  dispatch(FloatTypes{} + Float8Types{}, x.type(), [&]<class T>() {
    map_elements<T, bool>(x, y, [](T value) { return std::isnan(static_cast<ComputeType<T>>(value)); });
  });
}

void is_inf(KernelContext& context) {
  const bool positive = context.integer("detect_positive", 1) != 0,
             below = context.integer("detect_negative", 1) != 0;
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, DataType::Bool, x.dims());
  dispatch(FloatTypes{} + Float8Types{}, x.type(), [&]<class T>() {
    map_elements<T, bool>(x, y, [=](T element) {
      const auto value = static_cast<ComputeType<T>>(element);
      return std::isinf(value) && (value > 0 ? positive : below);
    });
  });
}

/// The determinant of one [n, n] matrix by elimination with row exchange; `a` is used up.
double determinant(std::vector<double>& a, std::size_t n) {
  double result = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row)
      if (std::fabs(a[row * n + column]) > std::fabs(a[pivot * n + column])) pivot = row;
    if (a[pivot * n + column] == 0) return 0;
    if (pivot != column) {
      result = -result;
      std::swap_ranges(&a[pivot * n], &a[pivot * n] + n, &a[column * n]);
    }
    result *= a[column * n + column];
    for (std::size_t row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / a[column * n + column];
      for (std::size_t k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
    }
  }
  return result;
}

void det(KernelContext& context) {
  const Tensor& x = context.input(0);
  const auto rank = x.dims().size();
  if (rank < 2 || x.dims()[rank - 1] != x.dims()[rank - 2])
    throw Error("Det needs square matrices, and was given " + to_string(x.dims()));
  const auto n = static_cast<std::size_t>(x.dims()[rank - 1]);
  Tensor& y = context.output(0, x.type(), Dims(x.dims().begin(), x.dims().end() - 2));
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    std::vector<double> matrix(n * n);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      const T* from = x.data<T>() + i * static_cast<std::int64_t>(n * n);
      std::transform(from, from + n * n, matrix.begin(),
                     [](T value) { return static_cast<double>(static_cast<ComputeType<T>>(value)); });
      y.mutable_data<T>()[i] = static_cast<T>(static_cast<ComputeType<T>>(determinant(matrix, n)));
    }
  });
}

// --- inference ---

void infer_det(InferenceContext& context) {
  auto shape = context.input_shape(0);
  if (shape && shape->size() < 2) context.report("Det needs square matrices");
  if (shape) shape->resize(shape->size() < 2 ? 0 : shape->size() - 2);
  context.set_output(0, context.input_element(0), std::move(shape));
}

/// Contents known during inference are whole numbers, which rounding leaves alone.
void infer_rounding(InferenceContext& context) {
  same_as_input(context);
  pass_values(context);
}

void infer_neg(InferenceContext& context) {
  same_as_input(context);
  set_mapped_values(context, [](const Dimension& d) { return Dimension(0) - d; });
}

void infer_abs(InferenceContext& context) {
  same_as_input(context);
  set_mapped_values(context, [](const Dimension& d) {
    if (d.is_constant() && d.value() < 0) return Dimension(0) - d;
    return is_never_negative(d) ? d : Dimension::unknown();
  });
}

// --- records ---

constexpr double elementary_flops = 10;  ///< what a transcendental function is counted as

/// A function known since opset 1: again in 6 without consumed_inputs, and in 13 with bfloat16.
void add_since_1(OperatorTable& table, const Operator& newest, types::List in_6 = types::floats()) {
  const Operator before_13 = newest.at(6).constraint("T", std::move(in_6));
  table.add(with_consumed_inputs(before_13).constraint("T", types::floats()));
  table.add(before_13);
  table.add(newest);
}

Operator function(const char* name, int version, const char* summary, KernelFunction kernel, double flops,
                  const char* input = "X", const char* output = "Y",
                  types::List element_types = types::floats_and_bfloat16()) {
  return unary_operator(name, version, OperatorKind::ElementWise, summary, std::move(element_types), input,
                        output)
      .kernel(kernel)
      .cost(per_element(flops));
}

void add_basic_functions(OperatorTable& table) {
  using F = FloatTypes;
  const types::List signed_in_6 = types::floats() + types::tensors({"int8", "int16", "int32", "int64"});
  add_since_1(table,
              function("Abs", 13, "Absolute value.", unary_kernel<NumberTypes, absolute>, 1, "X", "Y",
                       types::numbers_and_bfloat16())
                  .infer(infer_abs),
              types::numbers());
  add_since_1(table,
              function("Neg", 13, "−x.", unary_kernel<decltype(F{} + SignedIntegerTypes{}), negative>, 1, "X",
                       "Y", signed_in_6 + types::tensors({"bfloat16"}))
                  .infer(infer_neg),
              signed_in_6);
  add_since_1(table, function("Sqrt", 13, "Square root; NaN below 0.",
                              unary_kernel<F, [](auto x) { return std::sqrt(x); }>, 1)
                         .example("X = float[3]{1, 4, 9}"));
  add_since_1(table, function("Reciprocal", 13, "1 / x.", unary_kernel<F, [](auto x) { return 1 / x; }>, 1)
                         .example("X = float[3]{1, 2, 4}"));
  add_since_1(table, function("Exp", 13, "eˣ.", unary_kernel<F, [](auto x) { return std::exp(x); }>,
                              elementary_flops, "input", "output"));
  add_since_1(table,
              function("Log", 13, "Natural logarithm.", unary_kernel<F, [](auto x) { return std::log(x); }>,
                       elementary_flops, "input", "output")
                  .example("input = float[3]{0.1, 1, 10}"));
  add_since_1(table, function("Ceil", 13, "Least whole number not below x.",
                              unary_kernel<F, [](auto x) { return std::ceil(x); }>, 1)
                         .infer(infer_rounding)
                         .example("X = float[5]{-1.5, -0.5, 0.5, 1.2, 2.5}"));
  add_since_1(table, function("Floor", 13, "Greatest whole number not above x.",
                              unary_kernel<F, [](auto x) { return std::floor(x); }>, 1)
                         .infer(infer_rounding)
                         .example("X = float[5]{-1.5, -0.5, 0.5, 1.2, 2.5}"));

  const Operator sign_record =
      function("Sign", 13, "−1, 0 or 1 by the sign of x.", unary_kernel<NumberTypes, sign>, 1, "input",
               "output", types::numbers_and_bfloat16());
  table.add(sign_record.at(9).constraint("T", types::numbers()));
  table.add(sign_record);
  const Operator erf =
      function("Erf", 13, "The error function 2/√π ∫₀ˣ e^(−t²) dt.",
               unary_kernel<NumberTypes, error_function>, elementary_flops, "input", "output");
  table.add(erf.at(9).constraint("T", types::numbers()));
  table.add(erf);
}

/// Functions that gained bfloat16 in opset 22 and changed in nothing else.
void add_functions_until_22(OperatorTable& table) {
  using F = FloatTypes;
  struct Entry {
    const char* name;
    int version;
    const char* summary;
    KernelFunction kernel;
    const char* example = "input = float[5]{-1, -0.5, 0, 0.5, 1}";
  };
  const Entry entries[] = {
      {"Sin", 7, "Sine of an angle in radians.", unary_kernel<F, [](auto x) { return std::sin(x); }>},
      {"Cos", 7, "Cosine of an angle in radians.", unary_kernel<F, [](auto x) { return std::cos(x); }>},
      {"Tan", 7, "Tangent of an angle in radians.", unary_kernel<F, [](auto x) { return std::tan(x); }>},
      {"Asin", 7, "Inverse sine, in radians; NaN outside [−1, 1].",
       unary_kernel<F, [](auto x) { return std::asin(x); }>},
      {"Acos", 7, "Inverse cosine, in radians; NaN outside [−1, 1].",
       unary_kernel<F, [](auto x) { return std::acos(x); }>},
      {"Atan", 7, "Inverse tangent, in radians.", unary_kernel<F, [](auto x) { return std::atan(x); }>},
      {"Sinh", 9, "Hyperbolic sine.", unary_kernel<F, [](auto x) { return std::sinh(x); }>},
      {"Cosh", 9, "Hyperbolic cosine.", unary_kernel<F, [](auto x) { return std::cosh(x); }>},
      {"Asinh", 9, "Inverse hyperbolic sine.", unary_kernel<F, [](auto x) { return std::asinh(x); }>},
      {"Acosh", 9, "Inverse hyperbolic cosine; NaN below 1.",
       unary_kernel<F, [](auto x) { return std::acosh(x); }>, "input = float[3]{1, 2, 10}"},
      {"Atanh", 9, "Inverse hyperbolic tangent; NaN outside [−1, 1].",
       unary_kernel<F, [](auto x) { return std::atanh(x); }>},
  };
  for (const Entry& entry : entries) {
    const Operator record = function(entry.name, entry.version, entry.summary, entry.kernel, elementary_flops,
                                     "input", "output", types::floats())
                                .example(entry.example);
    table.add(record);
    table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
  }
  const Operator round =
      function("Round", 11, "Nearest whole number; halves go to the even one.",
               unary_kernel<F, [](auto x) { return std::nearbyint(x); }>, 1, "X", "Y", types::floats())
          .infer(infer_rounding)
          .example("X = float[5]{-1.5, -0.5, 0.5, 1.2, 2.5}");
  table.add(round);
  table.add(round.at(22).constraint("T", types::floats_and_bfloat16()));
}

void add_tests_for_special_values(OperatorTable& table) {
  const types::List float8 =
      types::tensors({"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"});
  const auto test = [](const char* name, int version, const char* summary, KernelFunction kernel) {
    return Operator(name, version, OperatorKind::ElementWise)
        .summary(summary)
        .input("X", "T1", "The tensor to look at.")
        .output("Y", "T2", "True where the condition holds.")
        .constraint("T2", types::tensors({"bool"}))
        .infer(bool_like_input)
        .kernel(kernel)
        .cost(per_element(1))
        .example("X = float[4]{1, nan, inf, -inf}");
  };
  const Operator nan = test("IsNaN", 9, "True where an element is not a number.", is_nan);
  table.add(Operator(nan).constraint("T1", types::floats()));
  table.add(nan.at(13).constraint("T1", types::floats_and_bfloat16()));
  table.add(nan.at(20).constraint("T1", types::floats_and_bfloat16() + float8));

  const Operator infinite = test("IsInf", 10, "True where an element is infinite.", is_inf)
                                .attribute("detect_negative", std::int64_t{1}, "1 to count −∞.")
                                .attribute("detect_positive", std::int64_t{1}, "1 to count +∞.");
  table.add(Operator(infinite).constraint("T1", types::tensors({"float", "double"})));
  table.add(infinite.at(20).constraint("T1", types::floats_and_bfloat16() + float8));
}

/// n³·⅔ operations for each [n, n] matrix.
std::optional<Cost> det_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  if (!dims || dims->size() < 2) return std::nullopt;
  return Cost{0, static_cast<double>(element_count(*dims)) * static_cast<double>(dims->back()) * 2 / 3};
}

}  // namespace

void register_math(OperatorTable& table) {
  add_basic_functions(table);
  add_functions_until_22(table);
  add_tests_for_special_values(table);
  const Operator det_record = Operator("Det", 11, OperatorKind::MatrixAndConvolution)
                                  .summary("Determinant of each square matrix in the last two axes.")
                                  .input("X", "T", "Matrices, [*, M, M].")
                                  .output("Y", "T", "Determinants, [*].")
                                  .constraint("T", types::floats())
                                  .infer(infer_det)
                                  .kernel(det)
                                  .example("X = float[2, 2]{1..4}")
                                  .cost(det_cost);
  table.add(det_record);
  table.add(det_record.at(22).constraint("T", types::floats_and_bfloat16()));
}

}  // namespace lapidary
